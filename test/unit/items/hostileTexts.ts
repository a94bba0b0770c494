import fc from "fast-check";

/** What a shell, an option parser, a format of lines or a terminal would take for something else. */
export const pieces = [
  ...[
    "$(touch canary)",
    "`touch canary`",
    ";touch canary;",
    "|touch canary",
    "`touch`;touch;",
    "&touch canary&",
    "\ntouch canary\n",
  ],
  ...[
    "$" + "{IFS}",
    "$HOME",
    "$((1/0))",
    "'",
    '"',
    "'\\''",
    "\\",
    "\\n",
    "\\c",
    "\\0",
    "\\x24",
    "%s%n",
    "%h",
    "%%",
  ],
  ...[
    "-",
    "--",
    "-rf",
    "-n",
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    "~",
    "!",
    "#",
    "=",
    ":",
    ",",
    ".",
    "..",
    "/",
    "../..",
    "@",
  ],
  ...["\n", "\r", "\r\n", "\t", " ", "  ", "\v", "\f", "\u0007", "\u001b[2J", "\u007f", "\u0085", "\u00a0"],
  ...[
    "\0",
    "\ud800",
    "\udc00x",
    "\u2028",
    "\u202e",
    "\ufeff",
    "e\u0301",
    "\u{1F600}",
    "\u{10FFFF}",
    "END_OF_DATA\n",
  ],
  ...["a", "A1", "x".repeat(300), "y".repeat(5000)],
];

/** A text that is up to no good. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...pieces),
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...pieces) },
        { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
        { weight: 1, arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 6 }) },
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map((parts) => parts.join("")),
);

/** Texts that would do something, between two marks by which a part of one is known. */
export const marked: readonly string[] = [
  "gwH $(touch canary)`touch canary`;touch canary|touch canary&&touch canary gwT",
  "gwH;touch$" + "{IFS}canary;$(touch$" + "{IFS}canary)`touch$" + "{IFS}canary`gwT",
  "gwH'\"\\\"'$HOME$((1%0))\\n\\c\\101{a,b}~!#%%%s\u00e9\u{1F600}gwT",
  "gwH*?[a-z]gwT",
  "-gwH -rf -- gwT",
  "gwH\n;touch canary\n\t\r\n$(touch canary)\nEND_OF_DATA\ngwT\n",
];

/** Its marks and what lies between them. */
export const markOf = (text: string): string => /gwH.*gwT/s.exec(text)?.[0] ?? "";
