/** V8's limit for the space of young objects, in MB. Only a command line can set it. */
export const newSpaceOption = "--max-semi-space-size";
