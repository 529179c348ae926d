package io.github.notearchive.provider;

import io.github.notearchive.note.Endpoint;

/** Reason of a call, with the limit that applies to it within the limit of all calls. */
public enum CallKind {
    /** Only the limit of all calls applies. */
    NOTE(Endpoint.DETAIL, "", "archive.source.calls-per-night"),
    /** Billed by itself, also if the note is no video. */
    VIDEO(Endpoint.VIDEO, " for videos", "archive.video.calls-per-night"),
    /** The note is archived. */
    REFRESH(Endpoint.DETAIL, " about archived notes", "archive.refresh.calls-per-night");

    private final Endpoint endpoint;
    final String label;
    private final String setting;

    CallKind(Endpoint endpoint, String label, String setting) {
        this.endpoint = endpoint;
        this.label = label;
        this.setting = setting;
    }

    public Endpoint endpoint() {
        return endpoint;
    }

    /** Returns the setting of the limit in a night. */
    public String setting() {
        return setting;
    }
}
