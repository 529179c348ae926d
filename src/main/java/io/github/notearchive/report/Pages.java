package io.github.notearchive.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.springframework.core.io.ClassPathResource;

/**
 * Renders HTML pages from the templates of {@code src/main/jte}, which escape each value for its place. Thread-safe.
 *
 * <p>A page runs no script and loads nothing from elsewhere, and its Content-Security-Policy forbids both to the
 * browser.
 */
public final class Pages {

    /** Reports: one file each, without images. */
    public static final Style REPORT = style("chart+report", "");

    private static final TemplateEngine TEMPLATES = TemplateEngine.createPrecompiled(
            null, ContentType.Html, Pages.class.getClassLoader(), "io.github.notearchive");

    private static final Pattern LINE_END = Pattern.compile("\r\n?");

    /** Control characters except tab and line feed, and marks that change the direction of the following text. */
    private static final Pattern CONTROL =
            Pattern.compile("[\\x00-\\x08\\x0B-\\x1F\\x7F-\\x9F\\u202A-\\u202E\\u2066-\\u2069]");

    private Pages() {}

    /** Style sheet of a kind of page, and the Content-Security-Policy that permits this style sheet only. */
    public record Style(String css, String policy) {}

    /**
     * Returns a style sheet: {@code pages/base.css} and the named ones, joined by a plus sign.
     *
     * @param sources further directives of the Content-Security-Policy, each with a leading semicolon
     */
    public static Style style(String names, String sources) {
        String css =
                Stream.of(("base+" + names).split("\\+")).map(Pages::resource).collect(Collectors.joining());
        String hash = Base64.getEncoder().encodeToString(DigestUtils.sha256(css));
        return new Style(
                css,
                "default-src 'none'%s; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'"
                        .formatted(sources, hash));
    }

    /** Renders a template such as {@code report/night}. Lines end in LF; control characters become U+FFFD. */
    public static String render(String template, Map<String, Object> parameters) {
        StringOutput page = new StringOutput();
        TEMPLATES.render(template + ".jte", parameters, page);
        return CONTROL.matcher(LINE_END.matcher(page.toString().strip() + "\n").replaceAll("\n"))
                .replaceAll("\uFFFD");
    }

    private static String resource(String name) {
        try {
            return new ClassPathResource("pages/" + name + ".css").getContentAsString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
