import type { GraphModel, HostNode, StreamNode } from "./graphModel.ts";

const size = { column: 136, host: 40, gap: 12, head: 26, gate: 24, between: 30, margin: 16 };

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A stream with the place of everything in it. */
interface Placed {
  stream: StreamNode;
  box: Box;
  hosts: Map<string, Box>;
  gate: Box;
}

/** The graph as SVG: time runs downwards, what stands side by side runs at the same time. */
export function graphPicture(model: GraphModel): string {
  const levels = Math.max(...model.streams.map(({ level }) => level)) + 1;
  const rows = Array.from({ length: levels }, (_, level) =>
    model.streams.filter((stream) => stream.level === level),
  );
  const natural = model.machines.length * (size.column + size.gap) + size.gap;
  const widest = Math.max(...rows.map((row) => row.length * natural + (row.length - 1) * size.between));
  const labBox = { x: size.margin, y: size.margin, width: widest, height: size.head + size.host + size.gap };
  const hasLab = model.labMachines.length > 0;
  let y = size.margin + (hasLab ? labBox.height + size.between : 0);
  const placed: Placed[] = [];
  for (const row of rows) {
    const width = (widest - (row.length - 1) * size.between) / row.length;
    const here = row.map((stream, index) =>
      place(stream, model.machines, { x: size.margin + index * (width + size.between), y, width }),
    );
    y = Math.max(...here.map(({ box }) => box.y + box.height)) + size.between;
    placed.push(...here);
  }
  const height = y - size.between + size.margin;
  const body = [
    ...(hasLab ? labParts(model, labBox) : []),
    ...(hasLab ? placed.filter(({ stream }) => stream.level === 0) : []).map(({ box }) => arrow(labBox, box)),
    ...placed.flatMap((each) =>
      each.stream.after.flatMap((name) => {
        const before = placed.find(({ stream }) => stream.name === name);
        return before === undefined ? [] : [arrow(before.box, each.box)];
      }),
    ),
    ...placed.flatMap(streamParts),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widest + 2 * size.margin} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(sentence(model))}</title>`,
    style,
    `<rect class="ground" width="100%" height="100%" rx="10"/>`,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

/** What the picture shows, for who cannot see it. */
function sentence({ machines, streams }: GraphModel): string {
  const each = streams.map(({ name, after }) =>
    after.length === 0 ? `${name} first` : `${name} behind the gate of ${after.join(" and of ")}`,
  );
  return `Streams on ${machines.join(" and ")}: ${each.join(", ")}`;
}

function place(stream: StreamNode, machines: string[], at: Omit<Box, "height">): Placed {
  const steps = Math.max(...stream.hosts.map(({ step }) => step)) + 1;
  const width = (at.width - size.gap) / machines.length - size.gap;
  const hostBox = ({ machine, step }: HostNode): Box => ({
    x: at.x + size.gap + machines.indexOf(machine) * (width + size.gap),
    y: at.y + size.head + step * (size.host + size.gap),
    width,
    height: size.host,
  });
  const hosts = size.head + steps * (size.host + size.gap);
  return {
    stream,
    box: { ...at, height: hosts + size.gate },
    hosts: new Map(stream.hosts.map((host) => [host.name, hostBox(host)])),
    gate: { ...at, y: at.y + hosts, height: size.gate },
  };
}

function streamParts({ stream, box, hosts, gate }: Placed): string[] {
  const lines = stream.hosts.flatMap((host) =>
    host.after.flatMap((name) => {
      const [from, to] = [hosts.get(name), hosts.get(host.name)];
      return from === undefined || to === undefined ? [] : [line(from, to)];
    }),
  );
  return [
    rectangle("stream", box),
    text(
      "head",
      box.x + size.gap,
      box.y + 18,
      `<tspan class="name">${escaped(stream.name)}</tspan> ${escaped(stream.title)}`,
    ),
    ...lines,
    ...stream.hosts.flatMap((host) => hostParts(host, hosts.get(host.name))),
    rectangle("gate", gate),
    text("open", gate.x + gate.width / 2, gate.y + 16, `gate: every check of ${escaped(stream.name)} passes`),
  ];
}

function hostParts({ label, machine }: HostNode, box: Box | undefined): string[] {
  if (box === undefined) return [];
  const middle = box.x + box.width / 2;
  return [
    rectangle("host", box),
    text("what", middle, box.y + 17, escaped(label)),
    text("where", middle, box.y + 32, escaped(machine)),
  ];
}

function labParts({ machines, labMachines }: GraphModel, box: Box): string[] {
  const width = (box.width - size.gap) / machines.length - size.gap;
  const made = machines.filter((machine) => labMachines.includes(machine));
  return [
    rectangle("stream", box),
    text("head", box.x + size.gap, box.y + 18, '<tspan class="name">lab</tspan> network and machines'),
    ...made.flatMap((machine) =>
      hostParts(
        { name: machine, machine, label: "Debian machine", step: 0, after: [] },
        {
          x: box.x + size.gap + machines.indexOf(machine) * (width + size.gap),
          y: box.y + size.head,
          width,
          height: size.host,
        },
      ),
    ),
  ];
}

/** From a stream's gate down to the next stream, in the middle of the narrower one. */
function arrow(from: Box, to: Box): string {
  const narrow = from.width < to.width ? from : to;
  const x = narrow.x + narrow.width / 2;
  const tip = to.y - 1;
  return `<path class="arrow" d="M${x} ${from.y + from.height}V${tip - 6}M${x - 5} ${tip - 8}L${x} ${tip}L${x + 5} ${tip - 8}"/>`;
}

function line(from: Box, to: Box): string {
  return `<path class="arrow" d="M${from.x + from.width / 2} ${from.y + from.height}L${to.x + to.width / 2} ${to.y}"/>`;
}

const rectangle = (name: string, { x, y, width, height }: Box): string =>
  `<rect class="${name}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`;

const text = (name: string, x: number, y: number, content: string): string =>
  `<text class="${name}" x="${x}" y="${y}">${content}</text>`;

const escaped = (value: string): string =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.ground { fill: #ffffff }
.stream { fill: #f3f5f8; stroke: #c8d0da }
.host { fill: #ffffff; stroke: #8fa3bb }
.gate { fill: #1a7f4b; stroke: none }
.arrow { fill: none; stroke: #57606a; stroke-width: 1.5 }
.head { font-size: 13px } .name { font-weight: 600 }
.what, .where, .open { text-anchor: middle }
.where { fill: #57606a; font-size: 11.5px }
.open { fill: #ffffff; font-size: 12px }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .ground { fill: #0d1117 } .stream { fill: #161b22; stroke: #3d444d }
  .host { fill: #0d1117; stroke: #5b6b7f } .where { fill: #9198a1 } .arrow { stroke: #9198a1 }
}
</style>`;
