/**
 * Every version and digest that Groundwork pins, in one place.
 * A program is either downloaded from its publisher (checked by sha256) or built from its Go module.
 */
export { programs, type Program, type ProgramName } from "./programs.ts";
