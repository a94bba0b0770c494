/** Tells people something; standard output belongs to the result. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);
