package io.github.notearchive.provider;

import io.github.notearchive.note.Endpoint;

/** Reason of a call, with the limit that applies to it within the limit of all calls. */
public enum CallKind {
    /** Only the limit of all calls applies. */
    NOTE(Endpoint.DETAIL, ""),
    /** Billed by itself, also if the note is no video. */
    VIDEO(Endpoint.VIDEO, " for videos"),
    /** The note is archived. */
    REFRESH(Endpoint.DETAIL, " about archived notes");

    private final Endpoint endpoint;
    final String label;

    CallKind(Endpoint endpoint, String label) {
        this.endpoint = endpoint;
        this.label = label;
    }

    public Endpoint endpoint() {
        return endpoint;
    }
}
