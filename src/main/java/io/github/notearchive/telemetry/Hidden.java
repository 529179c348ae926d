package io.github.notearchive.telemetry;

/**
 * A setting that stands in no log.
 *
 * @param value the text itself, for the one who sends it; blank when there is none
 */
public record Hidden(String value) {

    public Hidden {
        value = value.strip();
    }

    boolean isPresent() {
        return !value.isEmpty();
    }

    @Override
    public String toString() {
        return isPresent() ? "***" : "";
    }
}
