package io.github.notearchive.io;

/**
 * Secret setting, whose string form is a mask.
 *
 * @param value the secret; blank if there is none
 */
public record Secret(String value) {

    public boolean isPresent() {
        return !value.isBlank();
    }

    /** Returns the secret without surrounding blanks. */
    public Secret stripped() {
        return new Secret(value.strip());
    }

    /** Returns the mask; empty if there is no secret. */
    @Override
    public String toString() {
        return Masks.starsFor(value);
    }
}
