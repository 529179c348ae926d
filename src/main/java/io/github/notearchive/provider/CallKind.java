package io.github.notearchive.provider;

import io.github.notearchive.note.Endpoint;
import io.github.notearchive.provider.FetchOutcome.Exhausted;

/** Reason of a call, with the limit that applies to it within the limit of all calls. */
public enum CallKind {
    /** Only the limit of all calls applies. */
    NOTE(Endpoint.DETAIL, Exhausted.Whose.OURS, "calls"),
    /** Billed by itself, also if the note is no video. */
    VIDEO(Endpoint.VIDEO, Exhausted.Whose.OURS_FOR_VIDEOS, "calls for videos"),
    /** The note is archived. */
    REFRESH(Endpoint.DETAIL, Exhausted.Whose.OURS_FOR_REFRESHES, "calls about archived notes");

    final Endpoint endpoint;
    final Exhausted.Whose whose;
    final String label;

    CallKind(Endpoint endpoint, Exhausted.Whose whose, String label) {
        this.endpoint = endpoint;
        this.whose = whose;
        this.label = label;
    }
}
