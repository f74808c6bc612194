import { compileFilter, FilterError } from '../../src/timeline/filter/filter.ts';

/** What is wrong with a filter. */
export function failure(filter: string): FilterError {
  try {
    compileFilter(filter);
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
  throw new Error(`${filter} was accepted`);
}
