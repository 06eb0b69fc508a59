import type { Finding } from './finding.ts';

/** A finding that is accepted, with the reason for it. Members that are left out fit everything. */
export interface CheckException {
  readonly check: string;
  readonly resource?: string;
  readonly about?: string;
  readonly reason: string;
}

/**
 * Takes out the findings that an exception accepts. An exception without a reason, or one that accepts nothing any more,
 * is itself a finding: the list must not outlive what it is about.
 */
export function applyExceptions(
  findings: readonly Finding[],
  exceptions: readonly CheckException[],
): readonly Finding[] {
  const fits = (exception: CheckException, finding: Finding): boolean =>
    exception.check === finding.check &&
    (exception.resource ?? finding.resource) === finding.resource &&
    (exception.about ?? finding.about) === finding.about;
  const left = findings.filter((finding) => !exceptions.some((exception) => fits(exception, finding)));
  const idle = exceptions.filter((exception) => !findings.some((finding) => fits(exception, finding)));
  const bare = exceptions.filter(({ reason }) => reason.trim().length < 10);
  return [
    ...left,
    ...idle.map((exception) => asFinding(exception, 'it accepts nothing in the template; remove it')),
    ...bare.map((exception) => asFinding(exception, 'it has no reason')),
  ];
}

function asFinding(exception: CheckException, problem: string): Finding {
  const { check, resource = '*', about = '*' } = exception;
  return {
    check: 'exceptions',
    resource,
    about,
    message: `Cannot keep the exception from '${check}' for '${resource}', '${about}': ${problem}`,
  };
}
