import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A link that is wanted. */
export interface LinkOptions {
  /** The TCP service at the far end. */
  to: { address: string; port: number };
  /** Round trip. Half of it passes on the way there, half on the way back; a new connection takes one of its own. */
  delayMilliseconds: number;
  /**
   * Bytes, both directions together, after which one connection falls silent for ever: nothing more arrives, nobody is
   * told, both ends believe it open. It happens to the first one that carries so much, and to no other.
   */
  stallAt?: number;
}

/** A slow link to a TCP service: connect here instead of there. */
export interface LinkProxy {
  readonly address: string;
  readonly port: number;
  /** Whether a connection fell silent. */
  readonly stalled: boolean;
  /** Breaks what is open. */
  close(): Promise<void>;
}

/** Opens a link on this computer. */
export async function openLinkProxy(options: LinkOptions): Promise<LinkProxy> {
  const link = new Link(options);
  const server = createServer({ allowHalfOpen: true }, (near) => void link.open(near));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    get stalled() {
      return link.stalled;
    },
    async close() {
      server.close();
      link.cut();
      await once(server, "close");
    },
  };
}

class Link {
  stalled = false;
  readonly #options: LinkOptions;
  readonly #sockets = new Set<Socket>();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** The far end hears of a connection once its handshake has gone to and fro. */
  async open(near: Socket): Promise<void> {
    this.#keep(near);
    await new Promise((resolve) => this.#after(this.#options.delayMilliseconds, () => resolve(undefined)));
    const { address, port } = this.#options.to;
    const far = connect({ host: address, port, allowHalfOpen: true });
    this.#keep(far);
    const conversation: Conversation = { carried: 0, silent: false };
    this.#carry(near, far, conversation);
    this.#carry(far, near, conversation);
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #carry(from: Socket, to: Socket, conversation: Conversation): void {
    const arrives = (work: () => void): void =>
      this.#after(this.#options.delayMilliseconds / 2, () => {
        if (!conversation.silent) work();
      });
    from.on("data", (chunk: Buffer) =>
      arrives(() => {
        if (to.write(this.#passing(chunk, conversation))) return;
        from.pause();
        to.once("drain", () => from.resume());
      }),
    );
    from.on("end", () => arrives(() => to.end()));
    from.on("error", () => arrives(() => to.destroy()));
  }

  /** What of a chunk still comes through. */
  #passing(chunk: Buffer, conversation: Conversation): Buffer {
    conversation.carried += chunk.length;
    const { stallAt } = this.#options;
    if (stallAt === undefined || this.stalled || conversation.carried < stallAt) return chunk;
    this.stalled = true;
    conversation.silent = true;
    return chunk.subarray(0, chunk.length - (conversation.carried - stallAt));
  }

  /** Timers of one length end in the order in which they began, so bytes keep theirs. */
  #after(milliseconds: number, work: () => void): void {
    if (milliseconds === 0) work();
    else setTimeout(work, milliseconds);
  }
}

/** Both directions of one connection. */
interface Conversation {
  carried: number;
  silent: boolean;
}
