package io.github.notearchive.provider;

import io.github.notearchive.note.Endpoint;
import io.github.notearchive.provider.FetchOutcome.Exhausted;

/** Reason of a call, with the limit that applies to it within the limit of all calls. */
public enum CallKind {
    /** Fetch of a note, to which only the limit of all calls applies. */
    NOTE(Endpoint.DETAIL, Exhausted.Whose.OURS, "calls"),
    /** Fetch of the video of a note; billed by itself, also if the note is no video. */
    VIDEO(Endpoint.VIDEO, Exhausted.Whose.OURS_FOR_VIDEOS, "calls for videos"),
    /** Fetch of an archived note. */
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
