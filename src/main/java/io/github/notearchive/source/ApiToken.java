package io.github.notearchive.source;

/**
 * The account's secret at the provider. Prints as stars, so that a log of the settings does not
 * show it.
 *
 * @param value the secret itself; blank when none is configured
 */
public record ApiToken(String value) {

    public ApiToken {
        value = value.strip();
    }

    public boolean isPresent() {
        return !value.isEmpty();
    }

    @Override
    public String toString() {
        return isPresent() ? "****" : "(none)";
    }
}
