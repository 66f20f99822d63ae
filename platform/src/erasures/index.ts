/** Who was erased and must not come back. docs/interfaces.md#erasures */

export { ErasedSubjects } from './erased.ts';
export { ERASURES, enlist, isListed, readErasures, strikeOff } from './list.ts';
export { LiveErasures, type LiveErasuresOptions } from './live.ts';
export { anyScalar } from './scalars.ts';
export { type Subject, subjectNamed, subjectsOf } from './subjects.ts';
