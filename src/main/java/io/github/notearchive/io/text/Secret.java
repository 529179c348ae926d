package io.github.notearchive.io.text;

/**
 * Secret setting, whose string form is a mask.
 *
 * @param value the secret; blank if there is none
 */
public record Secret(String value) {

    public boolean isPresent() {
        return !value.isBlank();
    }

    public Secret stripped() {
        return new Secret(value.strip());
    }

    @Override
    public String toString() {
        return Masks.starsFor(value);
    }
}
