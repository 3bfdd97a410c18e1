import type { WindowsEvent } from '../windows-event.js';

/** Collects the elements of one `<Event>` that matter, by their path. */
export class EventElements {
  private readonly path: string[] = [];
  private readonly values = new Map<string, string>();
  private readonly data = new Map<string, string>();
  private dataName = '';
  private content = '';

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    const local = name.includes(':') ? name.slice(name.indexOf(':') + 1) : name;
    this.path.push(local);
    this.content = '';
    const at = this.path.join('/');
    if (at === 'Event/System/Provider')
      this.values.set(at, attributes['Name'] ?? attributes['EventSourceName'] ?? '');
    if (at === 'Event/System/TimeCreated') this.values.set(at, attributes['SystemTime'] ?? '');
    if (at === 'Event/EventData/Data') this.dataName = attributes['Name'] ?? `Data${this.data.size}`;
  }

  text(text: string): void {
    this.content += text;
  }

  close(): void {
    const at = this.path.join('/');
    const text = this.content;
    if (/^Event\/System\/(?:EventID|EventRecordID|Channel|Computer)$/.test(at))
      this.values.set(at, text.trim());
    if (at === 'Event/EventData/Data') this.data.set(this.dataName, text);
    if (this.path.length === 4 && this.path[1] === 'UserData') this.data.set(this.path[3] ?? '', text);
    this.path.pop();
    this.content = '';
  }

  /** The event; null when it lacks provider, number or a UTC time. */
  event(instantOf: (text: string) => string | null): WindowsEvent | null {
    const value = (name: string) => this.values.get(`Event/System/${name}`) ?? '';
    const timeCreated = instantOf(value('TimeCreated'));
    const eventId = Number(value('EventID') || Number.NaN);
    const recordId = Number(value('EventRecordID'));
    if (timeCreated === null || !Number.isInteger(eventId) || value('Provider') === '') return null;
    return {
      provider: value('Provider'),
      eventId,
      channel: value('Channel'),
      recordId: Number.isSafeInteger(recordId) && recordId >= 0 ? recordId : 0,
      timeCreated,
      computer: value('Computer'),
      data: this.data,
    };
  }
}
