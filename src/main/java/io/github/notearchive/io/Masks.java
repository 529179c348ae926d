package io.github.notearchive.io;

import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Keeps secrets out of what is shown. */
public final class Masks {

    /** As long for every secret. */
    public static final String STARS = "********";

    private static final Pattern USER = Pattern.compile("(?<=//)[^/?#\\s]*@");

    private static final Pattern PARAMETER = Pattern.compile(
            "([?&;][^=&;\\s]*(?:secret|token|pass|pwd|key|sig|credential|auth)[^=&;\\s]*=)[^&;\\s]*",
            Pattern.CASE_INSENSITIVE);

    /** What is left of an address that is a secret. */
    private static final Pattern PLACE = Pattern.compile("^([a-z+]+://[^/?#]+).*", Pattern.DOTALL);

    private Masks() {}

    /** The value of a setting, as far as it may be shown. */
    public static String shown(String name, String value) {
        if (isSecret(name)) {
            return starsFor(value);
        }
        String masked = withoutCredentials(value);
        return isSecretAddress(name) ? PLACE.matcher(masked).replaceAll("$1/***") : masked;
    }

    /** Stars, as many for every secret; nothing for none. */
    public static String starsFor(String value) {
        return value.isEmpty() ? "" : STARS;
    }

    /** Whether the name of a setting says that its value is nobody's business. */
    public static boolean isSecret(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return Stream.of("secret", "token", "password", "passwd", "passphrase", "key", "credential", "authorization")
                .anyMatch(lower::contains);
    }

    /** An address may be a secret as a whole: whoever knows it may post there. */
    static boolean isSecretAddress(String name) {
        return Stream.of(name.toLowerCase(Locale.ROOT).split("[.-]"))
                .anyMatch(word -> word.contains("hook") || word.matches("pings?"));
    }

    /** A text without what a password could stand in, when it is an address. */
    private static String withoutCredentials(String text) {
        String masked = USER.matcher(text).replaceAll("***@");
        return PARAMETER.matcher(masked).replaceAll("$1***");
    }
}
