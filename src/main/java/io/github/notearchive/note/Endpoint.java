package io.github.notearchive.note;

import java.util.Arrays;

/** Endpoints of the provider, each with its own price and daily quota. */
public enum Endpoint {

    /** Text, images, live photos and audio of a note, without its video. */
    DETAIL("note-detail/v1", "/api/xiaohongshu/get-note-detail/v1"),

    /** A video note with the URLs of its video; no other notes. */
    VIDEO("note-detail/v6", "/api/xiaohongshu/get-note-detail/v6");

    private final String ledgerName;
    private final String path;

    Endpoint(String ledgerName, String path) {
        this.ledgerName = ledgerName;
        this.path = path;
    }

    public String ledgerName() {
        return ledgerName;
    }

    /** Returns the endpoint with a name of the ledger; any other name is an {@link IllegalArgumentException}. */
    public static Endpoint ofLedgerName(String name) {
        return Arrays.stream(values())
                .filter(endpoint -> endpoint.ledgerName.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("unknown endpoint: " + name));
    }

    public String path() {
        return path;
    }
}
