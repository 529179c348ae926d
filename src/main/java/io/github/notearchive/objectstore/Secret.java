package io.github.notearchive.objectstore;

/**
 * A text that stands in no log.
 *
 * @param value the text itself, for the one who sends it
 */
public record Secret(String value) {

    /** Prints as stars, of which there are always three. */
    @Override
    public String toString() {
        return "***";
    }
}
