/** One thing the doctor looked at. `todo` says what to do; '' when all is well. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'wrong';
  readonly detail: string;
  readonly todo: string;
}

export const ok = (check: string, detail: string): Finding => ({ check, state: 'ok', detail, todo: '' });
export const warning = (check: string, detail: string, todo: string): Finding => ({
  check,
  state: 'warning',
  detail,
  todo,
});
export const wrong = (check: string, detail: string, todo: string): Finding => ({
  check,
  state: 'wrong',
  detail,
  todo,
});
