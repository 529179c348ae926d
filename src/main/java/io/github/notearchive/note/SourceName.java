package io.github.notearchive.note;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.commons.codec.digest.DigestUtils;

/** Rules for source file ids. */
public final class SourceName {

    /** Maximum length in characters. Real ids have 20 to 70; PostgreSQL indexes at most 2,704 bytes. */
    static final int LONGEST = 200;

    private static final int DIGEST = 64;

    /** Words for an absent value, in lower case. */
    private static final Set<String> NO_VALUE = Set.of("null", "undefined", "none", "nil", "nan");

    /** Zeros and punctuation: {@code 0}, {@code 000}, {@code 0.0}, {@code -}. */
    private static final Pattern NOTHING = Pattern.compile("[0\\p{Punct}\\s]*");

    private SourceName() {}

    /**
     * Returns whether a value is a placeholder that many files share: blank, only zeros and ASCII punctuation,
     * {@code -1}, or null, undefined, none, nil or nan in any case.
     */
    static boolean isPlaceholder(String name) {
        return NOTHING.matcher(name).matches()
                || name.strip().equals("-1")
                || NO_VALUE.contains(name.strip().toLowerCase(Locale.ROOT));
    }

    /**
     * Returns a name that fits an index: a name of up to 200 characters unchanged, else its beginning, a tilde and the
     * SHA-256 of the whole in lower-case hexadecimal. Idempotent.
     */
    public static String bounded(String name) {
        if (name.length() <= LONGEST) {
            return name;
        }
        int end = LONGEST - DIGEST - 1;
        if (Character.isHighSurrogate(name.charAt(end - 1))) {
            end--;
        }
        return name.substring(0, end) + "~" + DigestUtils.sha256Hex(name);
    }
}
