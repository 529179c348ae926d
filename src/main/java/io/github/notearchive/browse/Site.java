package io.github.notearchive.browse;

import io.github.notearchive.report.Texts;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Common elements of all pages.
 *
 * @param texts texts in the language of the reader
 * @param address path and query of the page without {@code lang}
 * @param filter text in the search box
 * @param convertsHeif whether there are thumbnails of HEIC and AVIF pictures
 * @param difference how the tables differ from the bucket, as after the restore of an older dump
 */
record Site(
        Texts texts,
        String address,
        String filter,
        boolean convertsHeif,
        @Nullable String difference,
        UnaryOperator<String> assets) {

    /** Characters that XML cannot contain. */
    private static final Pattern NOT_IN_XML = Pattern.compile("[\\p{Cc}\\x{fffe}\\x{ffff}]");

    /** Characters that a path cannot contain, even encoded: servers reject them. */
    private static final Pattern NOT_IN_PATHS = Pattern.compile("[/\\\\;%\\p{Cntrl}\u2028\u2029]|^\\.");

    public String text(String key, Object... arguments) {
        return texts.text(key, arguments);
    }

    public String language() {
        return texts.language();
    }

    /** Returns the address of this page in a language. */
    public String in(String language) {
        return address + (address.indexOf('?') < 0 ? "?" : "&") + "lang=" + language;
    }

    /** Returns the address of a file of the pages, which changes with its content. */
    public String asset(String name) {
        return assets.apply(name);
    }

    /** Returns the address of the notes that match a filter. */
    public static String search(String filter) {
        return "/?q=" + encode(filter);
    }

    public static String author(String id) {
        return "/authors/" + encode(id);
    }

    public static String topic(String name) {
        return (NOT_IN_PATHS.matcher(name).find() ? "/topics?name=" : "/topics/") + encode(name);
    }

    /** Encodes a part of a path or a query. */
    public static String encode(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    static String inXml(String text) {
        return NOT_IN_XML.matcher(text).replaceAll(" ");
    }
}
