package io.github.notearchive.note;

import java.util.Arrays;

/** The questions that the provider can be asked, each with a price and a daily quota of its own. */
public enum Endpoint {

    /** A note: its words, pictures, live photos and sound, and no video. */
    DETAIL("note-detail/v1", "/api/xiaohongshu/get-note-detail/v1"),

    /** A video note with the addresses of its video; of other notes it knows nothing. */
    VIDEO("note-detail/v6", "/api/xiaohongshu/get-note-detail/v6");

    private final String ledgerName;
    private final String path;

    Endpoint(String ledgerName, String path) {
        this.ledgerName = ledgerName;
        this.path = path;
    }

    /** What the column {@code api_call.endpoint} calls it. */
    public String ledgerName() {
        return ledgerName;
    }

    /**
     * The question that has this name in the ledger.
     *
     * @throws IllegalArgumentException when none has
     */
    public static Endpoint ofLedgerName(String name) {
        return Arrays.stream(values())
                .filter(endpoint -> endpoint.ledgerName.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no question is called " + name));
    }

    public String path() {
        return path;
    }
}
