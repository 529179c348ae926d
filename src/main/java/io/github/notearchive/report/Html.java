package io.github.notearchive.report;

import io.github.notearchive.note.Night;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;

/**
 * A page that is looked at from the disk: nothing of it comes from elsewhere and nothing of it runs, which its own
 * policy says to the browser too. Text is escaped where it is put in; markup is ours alone.
 */
public final class Html {

    /** What all pages have in common. */
    private static final String STYLE = """
            :root { color-scheme: light dark; --back: #fafafa; --card: #fff; --ink: #1c1c1e; --soft: #5f6066;
                    --line: #d9d9de; --link: #0b57d0; }
            @media (prefers-color-scheme: dark) {
              :root { --back: #131316; --card: #1e1e22; --ink: #ececf0; --soft: #a5a6ad; --line: #3a3a41; --link: #8ab4f8; }
            }
            * { box-sizing: border-box; }
            body { margin: 0; background: var(--back); color: var(--ink); line-height: 1.6; overflow-wrap: anywhere;
                   font-family: system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
            header, main, footer, nav { max-width: 60rem; margin: 0 auto; padding: 0.75rem 1rem; }
            h1 { font-size: 1.5rem; line-height: 1.3; margin: 0.25rem 0; }
            h2 { font-size: 1.1rem; margin: 1.5rem 0 0.5rem; }
            a { color: var(--link); }
            a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
            p { margin: 0.25rem 0; }
            .soft { color: var(--soft); font-size: 0.9rem; }
            .scroll { overflow-x: auto; margin-bottom: 1rem; }
            time { white-space: nowrap; }
            table { border-collapse: collapse; font-size: 0.9rem; }
            caption { text-align: left; color: var(--soft); }
            th, td { text-align: left; padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
            td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
            """;

    private static final String FILES_BESIDE = "; img-src 'self' file:; media-src 'self' file:";

    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(Night.ZONE);

    private final StringBuilder out = new StringBuilder(8_192);

    private Html() {}

    /**
     * Begins a page that is one file, up to its body: it shows nothing but what stands in it.
     *
     * @param style what this page looks like, beside what all have in common
     */
    public static Html page(String title, String style) {
        return begin(title, style, "");
    }

    /** Begins a page that shows pictures, sound and videos which lie beside it, up to its body. */
    public static Html pageWithFiles(String title, String style) {
        return begin(title, style, FILES_BESIDE);
    }

    private static Html begin(String title, String more, String sources) {
        String style = STYLE + more;
        return new Html()
                .raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .raw("<meta http-equiv=\"Content-Security-Policy\" content=\"")
                .text("default-src 'none'"
                        + sources
                        + "; style-src 'sha256-"
                        + sha256(style)
                        + "'; base-uri 'none'; form-action 'none'")
                .raw("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .raw("<meta name=\"referrer\" content=\"no-referrer\">\n<title>")
                .text(title)
                .raw("</title>\n<style>")
                .raw(style)
                .raw("</style>\n</head>\n<body>\n");
    }

    /** Markup of our own. Nothing that anybody else wrote goes through here. */
    public Html raw(String markup) {
        out.append(markup);
        return this;
    }

    /**
     * Text of whoever, within an element or a quoted attribute. Lines end in LF, whether they ended in LF, CR or both;
     * what no page may hold is shown as U+FFFD.
     */
    public Html text(@Nullable Object text) {
        if (text == null) {
            return this;
        }
        String plain = text.toString();
        for (int i = 0; i < plain.length(); i++) {
            char c = plain.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                case '\r' -> {
                    if (i + 1 == plain.length() || plain.charAt(i + 1) != '\n') {
                        out.append('\n');
                    }
                }
                default -> out.append(isHarmless(c) ? c : '\ufffd');
            }
        }
        return this;
    }

    /** Neither a control nor one of the marks that turn the direction of what follows. */
    private static boolean isHarmless(char c) {
        return c == '\n'
                || c == '\t'
                || (!Character.isISOControl(c) && (c < '\u202a' || c > '\u202e') && (c < '\u2066' || c > '\u2069'));
    }

    /** The reference to a file of the export, as an attribute's value. */
    public Html path(String path) {
        return text(Arrays.stream(path.split("/", -1))
                .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8))
                .map(part -> part.replace("+", "%20"))
                .collect(Collectors.joining("/")));
    }

    /** A time as people in China read it. */
    public Html time(Instant time) {
        return raw("<time datetime=\"")
                .text(time)
                .raw("\">")
                .text(MINUTE.format(time))
                .raw("</time>");
    }

    public String end() {
        return raw("</body>\n</html>\n").out.toString();
    }

    private static String sha256(String text) {
        return Base64.getEncoder().encodeToString(DigestUtils.sha256(text));
    }
}
