/** One lab for all test files: making keys costs more than most tests. */
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export const LAB_DIRECTORY = join(tmpdir(), `apns-inspect-test-lab-${userInfo().uid}`);
