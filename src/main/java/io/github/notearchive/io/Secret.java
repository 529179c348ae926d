package io.github.notearchive.io;

/**
 * A setting that stands in no log.
 *
 * @param value the text itself, for the one who sends it; blank when there is none
 */
public record Secret(String value) {

    public boolean isPresent() {
        return !value.isBlank();
    }

    /** The same without the blanks around it, which were copied along. */
    public Secret stripped() {
        return new Secret(value.strip());
    }

    /** Prints as stars, of which there are always as many; nothing where there is none. */
    @Override
    public String toString() {
        return Masks.starsFor(value);
    }
}
