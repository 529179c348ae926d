package io.github.notearchive.io.text;

import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Masks secrets in settings and texts that are shown. */
public final class Masks {

    /** Mask of every secret, of the same length for all. */
    public static final String STARS = "********";

    private static final Pattern USER = Pattern.compile("(?<=//)[^/?#\\s]*@");

    private static final Pattern PARAMETER = Pattern.compile(
            "([?&;][^=&;\\s]*(?:secret|token|pass|pwd|key|sig|credential|auth)[^=&;\\s]*=)[^&;\\s]*",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern PLACE = Pattern.compile("^([a-z+]+://[^/?#]+).*", Pattern.DOTALL);

    private Masks() {}

    public static String shown(String name, String value) {
        if (isSecret(name)) {
            return starsFor(value);
        }
        String masked = withoutCredentials(value);
        return isSecretAddress(name) ? PLACE.matcher(masked).replaceAll("$1/***") : masked;
    }

    /** Returns the mask of a secret; empty for an empty one. */
    public static String starsFor(String value) {
        return value.isEmpty() ? "" : STARS;
    }

    public static boolean isSecret(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return Stream.of("secret", "token", "password", "passwd", "passphrase", "key", "credential", "authorization")
                .anyMatch(lower::contains);
    }

    /** Whether the URL in a setting with this name is a credential, such as that of a webhook. */
    static boolean isSecretAddress(String name) {
        return Stream.of(name.toLowerCase(Locale.ROOT).split("[.-]"))
                .anyMatch(word -> word.contains("hook") || word.matches("pings?"));
    }

    private static String withoutCredentials(String text) {
        String masked = USER.matcher(text).replaceAll("***@");
        return PARAMETER.matcher(masked).replaceAll("$1***");
    }
}
