/** Rows under each other, the first column to the left and the others to the right. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

/** Seconds as a table shows them; nothing for what was not measured. */
export const seconds = (value: number | undefined): string =>
  value === undefined ? "" : `${value.toFixed(2)} s`;
