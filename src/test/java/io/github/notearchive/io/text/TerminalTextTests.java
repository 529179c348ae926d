package io.github.notearchive.io.text;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import io.github.notearchive.cli.TextTable;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Texts of third parties are escaped on a terminal and in a log. */
@Isolated("takes the standard output")
class TerminalTextTests {

    private static final String HOSTILE = "a\n"
            + "2026-11-25T00:00:00.000Z ERROR x - forged\r"
            + "\u001b[2J\u009b1m\u0007\u2028b\u0085\u202egnp.\u2066\ufeff\u0000";

    @Test
    void lineRemainsOneLine() {
        assertThat(TerminalText.line(HOSTILE))
                .isEqualTo("a 2026-11-25T00:00:00.000Z ERROR x - forged ?[2J?1m? b ?gnp.???");
        assertThat(TerminalText.line("  山里  👩\u200d👩\u200d👧 é\t1 ")).isEqualTo("山里 👩\u200d👩\u200d👧 é 1");
        assertThat(TerminalText.line("\ud83d!")).isEqualTo("?!");
        assertThat(TerminalText.line(null)).isEmpty();
    }

    @Test
    void furtherLinesAreIndented() {
        assertThat(TerminalText.lines("a\nb\r\nc\u2028d\n")).isEqualTo("a\n    b\n    c\n    d\n");
        assertThat(TerminalText.lines(HOSTILE).lines().skip(1)).allMatch(line -> line.startsWith("    "));
    }

    @Test
    void jsonIsEquivalentWithoutControls() {
        String tag = Character.toString(0xe0041);

        String printed = TerminalText.json(
                JsonMapper.shared().writeValueAsString(Map.of("title", HOSTILE + tag + "山里 👩\u200d👧")));

        assertThat(printed)
                .contains("\\u202egnp.\\u2066\\ufeff", "\\udb40\\udc41山里 👩\u200d👧")
                .doesNotContain("\u202e", "\u2066", "\u2028", "\u009b", tag);
        assertThat(JsonMapper.shared().readTree(printed).path("title").stringValue())
                .isEqualTo(HOSTILE + tag + "山里 👩\u200d👧");
    }

    @Test
    void tableHasNoControls() {
        String table = TextTable.table("title", List.of(HOSTILE), text -> new Object[] {text})
                .toString();

        assertThat(table.lines()).hasSize(2);
        assertThat(table.replace("\n", "").chars()).noneMatch(Character::isISOControl);
    }

    @Test
    void logLineAndStackTraceCannotBeForged() throws Exception {
        String log = logged(context -> context.getLogger("x")
                .warn("Note {}", HOSTILE, new IllegalStateException(HOSTILE, new RuntimeException(HOSTILE))));

        assertThat(log.lines().filter(line -> !line.startsWith("    "))).hasSize(1);
        assertThat(log).contains("Caused by: java.lang.RuntimeException: a", "\tat ");
        assertThat(log.replaceAll("[\n\t]", "").chars()).noneMatch(Character::isISOControl);
        assertThat(log).doesNotContain("\u202e", "\u2028");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.apache.hc.client5.http.wire",
                "org.apache.hc.client5.http.headers",
                "org.postgresql.core.v3.QueryExecutorImpl",
                "org.springframework.jdbc.core.StatementCreatorUtils",
                "okhttp3.OkHttpClient"
            })
    void secretsInLibrariesAreNotLoggedAtAnyLevel(String name) throws Exception {
        String log = logged(context -> {
            context.getLogger(name).setLevel(Level.TRACE);
            context.getLogger(name).trace("GET /?token=secret");
            context.getLogger(name).debug("GET /?token=secret");
            context.getLogger(name).info("GET /?token=secret");
            context.getLogger(name).warn("a warning");
        });

        assertThat(log).contains("a warning").doesNotContain("secret");
    }

    private static String logged(Consumer<LoggerContext> use) throws Exception {
        // as it is packaged, without what only Boot understands
        String lines = Files.readString(Path.of("src/main/resources/logback/text.xml"))
                .replaceAll("(?s).*<included>|</included>.*", "")
                .replace("System.err", "System.out");
        String settings = Files.readString(Path.of("src/main/resources/logback-spring.xml"))
                .replaceAll("(?s)<condition.*</if>", Matcher.quoteReplacement(lines))
                .replaceAll("<(include|springProperty)[^>]*>", "");
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            JoranConfigurator configurator = new JoranConfigurator();
            configurator.setContext(context);
            configurator.doConfigure(new ByteArrayInputStream(settings.getBytes(StandardCharsets.UTF_8)));
            context.getLogger("ROOT").setLevel(Level.TRACE);
            use.accept(context);
        } finally {
            context.stop();
            System.setOut(before);
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
