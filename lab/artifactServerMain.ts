/** The artifact server as a process of its own: `node artifactServerMain.ts FOLDER ADDRESS PORT`. */
import { artifactServer, listening } from "./artifactServer.ts";

const [folder = "", address = "", port = ""] = process.argv.slice(2);
const server = artifactServer(folder);
server.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
server.listen({ host: address, port: Number(port) }, () => process.stdout.write(listening));
