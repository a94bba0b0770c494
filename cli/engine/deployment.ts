/** The parts of an exported stack that we read. */
export interface Deployment {
  version: number;
  deployment: {
    resources?: Resource[];
    pending_operations?: { resource: Resource; type: string }[];
    [other: string]: unknown;
  };
}

/** One resource of an exported stack. */
export interface Resource {
  urn: string;
  type: string;
  custom: boolean;
  id?: string;
  parent?: string;
  delete?: boolean;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[] | null>;
  deletedWith?: string;
  provider?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}
