/** What stands in the holes of a channel's addresses. */
export interface ChannelPlace {
  readonly channel: string;
  /** OCI's word. */
  readonly architecture: string;
  readonly version: string;
}

/** An address of a channel, with its holes filled. Nothing that fills them can leave its part of the address. */
export function channelAddress(template: string, place: ChannelPlace): string {
  return template.replace(/\{(channel|architecture|version)\}/g, (_, hole: keyof ChannelPlace) =>
    encodeURIComponent(place[hole]),
  );
}
