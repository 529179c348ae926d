package io.github.notearchive.note;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.commons.codec.digest.DigestUtils;

/** What counts as the source's own name for a file. */
public final class SourceName {

    /** In characters. Real names have 20 to 70; PostgreSQL indexes no text beyond 2,704 bytes. */
    static final int LONGEST = 200;

    private static final int DIGEST = 64;

    /** Words by which programs say that there is no value, in lower case. */
    private static final Set<String> NO_VALUE = Set.of("null", "undefined", "none", "nil", "nan");

    /** Zeros, in whatever form, and marks: {@code 0}, {@code 000}, {@code 0.0}, {@code -}. */
    private static final Pattern NOTHING = Pattern.compile("[0\\p{Punct}\\s]*");

    private SourceName() {}

    /**
     * Whether a value stands in the place of a name and is none, so that many files have it: it is blank, has nothing
     * but zeros and ASCII punctuation, is {@code -1}, or says in one word that there is no value: null, undefined,
     * none, nil or nan, in capitals too.
     */
    static boolean isPlaceholder(String name) {
        return NOTHING.matcher(name).matches()
                || name.strip().equals("-1")
                || NO_VALUE.contains(name.strip().toLowerCase(Locale.ROOT));
    }

    /**
     * A name that fits an index: one of up to 200 characters stays as it is, of a longer one the beginning stays, with
     * a tilde and the SHA-256 of all of it behind, in lower-case hexadecimal, so that two long names stay apart. A
     * repeat changes nothing.
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
