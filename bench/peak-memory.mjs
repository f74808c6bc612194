import { writeFileSync } from 'node:fs';

/** Loaded before a program: leaves its peak resident memory, in KiB, in the file named by PEAK_MEMORY_FILE. */
process.on('exit', () => {
  writeFileSync(process.env.PEAK_MEMORY_FILE, String(process.resourceUsage().maxRSS));
});
