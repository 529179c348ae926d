package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Each view, the search and the web pages, asked of a million notes: {@code ./mvnw verify -Pbench
 * -Dit.test=QuestionsBench}. The archive is made up within the database: words of one to four characters out of 3,500,
 * both by Zipf's law, 200 characters a note. {@code -Dbench.notes=50000} makes a smaller one.
 */
@TestInstance(Lifecycle.PER_CLASS)
class QuestionsBench {

    private static final int NOTES = Integer.getInteger("bench.notes", 1_000_000);
    private static final Duration LIMIT = Duration.ofSeconds(1);
    private static final int REPEATS = 7;
    private static final int PAGE_REPEATS = 40;
    private static final double PAGE_LIMIT = 200;
    private static final Pattern NEXT_PAGE = Pattern.compile("[?&](?:amp;)?after=([^\"&]+)");

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final JdbcTemplate sql = new JdbcTemplate(
            new SingleConnectionDataSource(database.jdbcUrl(), database.user(), database.password(), true));
    private Duration index = Duration.ZERO;

    @TempDir
    Path directory;

    @BeforeAll
    void fillOnce() throws IOException {
        index = fill();
    }

    @Test
    void everyQueryTakesLessThanASecond() {
        List<String> slow = new ArrayList<>();
        Page page = new Page(
                QuestionsBench.class,
                "questions",
                "Views and search over %,d notes".formatted(NOTES),
                one("SHOW server_version"));
        page.paragraph("""
                %s captures, %s calls, %s rows in `worklist`, %s files. `note` is %s, its search index %s, built in %d min %d s; `note_capture` is %s.
                Each query is executed %d times after the first.
                """.formatted(
                        count("note_capture"),
                        count("api_call"),
                        count("worklist"),
                        count("note_media"),
                        one("SELECT pg_size_pretty(pg_table_size('note'))"),
                        one("SELECT pg_size_pretty(pg_relation_size('note_search'))"),
                        index.toMinutes(),
                        index.toSecondsPart(),
                        one("SELECT pg_size_pretty(pg_table_size('note_capture'))"),
                        REPEATS));
        page.table("query", "rows", "first ms", "median ms (minimum..maximum)");
        for (String query : views()) {
            page.row("`" + query + "`", time(query, slow));
        }
        page.heading("Search").table("words", "notes with them", "rows", "first ms", "median ms (minimum..maximum)");
        words().forEach((title, words) -> {
            String notes = one("SELECT count(*) FROM note WHERE search_matches(search, '%s')".formatted(words));
            String timing = time("SELECT note_id, title FROM search_note('%s')".formatted(words), slow);
            page.row(title, "%,d".formatted(Long.valueOf(notes)), timing);
        });
        page.write();

        assertThat(slow).as("queries whose median is over " + LIMIT).isEmpty();
    }

    @Test
    void everyPageIsServedWithin200Milliseconds() throws Exception {
        List<String> slow = new ArrayList<>();
        Page page = new Page(
                QuestionsBench.class, "pages", "Web pages over %,d notes".formatted(NOTES), one("SHOW server_version"));
        try (BrowseProcess pages = new BrowseProcess(database, directory)) {
            page.paragraph(
                            "Milliseconds of %d requests by HTTP, one after the other, after a first one. `note-archive browse` has a heap of 256 MB (`%s`)."
                                    .formatted(PAGE_REPEATS, BrowseProcess.HEAP))
                    .table("page", "KB", "first", "p50", "p95", "longest");
            for (Map.Entry<String, List<String>> each : paths(pages).entrySet()) {
                int length = pages.get(each.getValue().getFirst()).getBytes(StandardCharsets.UTF_8).length;
                BrowseProcess.Times times = pages.time(each.getValue(), PAGE_REPEATS);
                page.row(each.getKey(), String.valueOf(length / 1024), times.cells());
                if (times.percentile(95) > PAGE_LIMIT) {
                    slow.add(each.getKey() + ": " + times.percentile(95) + " ms");
                }
                page.write();
            }
            page.paragraph("The process used at most %d MB.".formatted(pages.peakMemory()));
        }
        page.write();

        assertThat(slow).as("pages whose p95 is over %s ms", PAGE_LIMIT).isEmpty();
    }

    /** Returns the paths of each kind of page. */
    private Map<String, List<String>> paths(BrowseProcess pages) throws IOException, InterruptedException {
        List<String> notes = sql.queryForList(
                "SELECT note_id FROM bench_note WHERE i % 33 <> 0 ORDER BY md5(note_id) LIMIT 20", String.class);
        String author = one("SELECT author_id FROM note WHERE note_id = '%s'".formatted(notes.getFirst()));
        String topic = one("SELECT name FROM note_topic WHERE note_id = '%s' LIMIT 1".formatted(notes.getFirst()));
        Map<String, List<String>> paths = new LinkedHashMap<>();
        paths.put("wall", List.of("/"));
        paths.put("wall, page 50", List.of(fiftieth(pages)));
        paths.put("note", notes.stream().map(note -> "/notes/" + note).toList());
        words().forEach((title, words) -> paths.put("search: " + title, List.of(search(words))));
        List.of(
                        "author:" + author,
                        "topic:" + topic,
                        "published:2026-03",
                        "published:2024",
                        "likes:>500",
                        "likes:>998",
                        "gone:yes",
                        "edited:yes",
                        "has:video",
                        "-topic:" + topic)
                .forEach(filter -> paths.put("search: `" + filter + "`", List.of(search(filter))));
        paths.put("author", List.of("/authors/" + author));
        paths.put("topic", List.of("/topics/" + encoded(topic)));
        paths.put("gone", List.of("/gone"));
        paths.put("edited", List.of("/edited"));
        paths.put("suggestions: author", List.of("/suggest?q=" + encoded("作者12")));
        paths.put("suggestions: topic", List.of("/suggest?q=" + encoded("话题")));
        paths.put("health", List.of("/health"));
        return paths;
    }

    private static String fiftieth(BrowseProcess pages) throws IOException, InterruptedException {
        String path = "/";
        for (int page = 1; page < 50; page++) {
            Matcher next = NEXT_PAGE.matcher(pages.get(path));
            assertThat(next.find()).as("the link to the next page of %s", path).isTrue();
            path = "/?after=" + next.group(1);
        }
        return path;
    }

    private static String search(String filter) {
        return "/?q=" + encoded(filter);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private List<String> views() {
        String note = one("SELECT note_id FROM note_capture GROUP BY note_id HAVING count(*) = 3 LIMIT 1");
        return List.of(
                "SELECT * FROM run_history ORDER BY job_execution_id DESC LIMIT 10",
                "SELECT * FROM quota_stop ORDER BY id DESC LIMIT 10",
                "SELECT * FROM retry_history ORDER BY retries DESC LIMIT 20",
                "SELECT * FROM backlog ORDER BY state, from_days",
                "SELECT * FROM note_file WHERE note_id = '%s'".formatted(note),
                "SELECT * FROM engagement_history WHERE note_id = '%s'".formatted(note),
                "SELECT * FROM engagement_growth WHERE note_id = '%s'".formatted(note),
                "SELECT * FROM engagement_growth WHERE captured_at > now() - interval '1 day' ORDER BY liked_per_day DESC LIMIT 20",
                "SELECT * FROM note_growth_week ORDER BY liked_per_day DESC LIMIT 20",
                "SELECT * FROM note_edit ORDER BY captured_at DESC LIMIT 20",
                "SELECT * FROM note_edit WHERE note_id = '%s'".formatted(note),
                "SELECT * FROM note_gone ORDER BY last_seen_at DESC LIMIT 20");
    }

    /** Words by how long and how frequent they are; rare ones stand in some dozens of notes. */
    private Map<String, String> words() {
        Map<String, String> words = new LinkedHashMap<>();
        words.put("1 character, frequent", word(1, 1));
        words.put("1 character, less frequent", word(1, 50));
        words.put("1 character, rare", rareCharacter());
        words.put("2 characters, frequent", word(2, 61));
        words.put("2 characters, less frequent", word(2, 1000));
        words.put("2 characters, rare", word(2, 40_000));
        words.put("4 characters, frequent", word(4, 61));
        words.put("4 characters, less frequent", word(4, 1000));
        words.put("4 characters, rare", word(4, 40_000));
        words.put("a frequent and a rare word", word(1, 1) + " " + word(2, 40_000));
        words.put("two frequent words", word(2, 61) + " " + word(2, 100));
        words.put("not there", "没有这种词");
        return words;
    }

    private String word(int length, int rank) {
        return one("SELECT word FROM bench_word WHERE char_length(word) = %d AND r >= %d ORDER BY r LIMIT 1"
                .formatted(length, rank));
    }

    private String rareCharacter() {
        return one("""
                SELECT c FROM bench_sentence, unnest(string_to_array(sentence, NULL)) AS each (c)
                WHERE c > '一' GROUP BY c HAVING count(*) BETWEEN 2 AND 5 ORDER BY c LIMIT 1
                """);
    }

    /** Returns rows, first and other times of a query, as cells. */
    private String time(String query, List<String> slow) {
        List<Double> times = new ArrayList<>();
        int rows = 0;
        for (int i = 0; i <= REPEATS; i++) {
            long began = System.nanoTime();
            rows = sql.queryForList(query).size();
            times.add((System.nanoTime() - began) / 1e6);
        }
        Spread others = Spread.of(times.subList(1, times.size()), time -> time);
        if (others.median() > LIMIT.toMillis()) {
            slow.add(query + ": " + others.median() + " ms");
        }
        return String.format(Locale.ROOT, "%d | %.1f | %s", rows, times.getFirst(), others.text(1));
    }

    private String count(String table) {
        return "%,d".formatted(Long.valueOf(one("SELECT count(*) FROM " + table)));
    }

    private String one(String query) {
        return String.valueOf(sql.queryForObject(query, String.class));
    }

    /** Runs {@code questions.sql}, and returns the time that the search index takes. */
    private Duration fill() throws IOException {
        String script = Files.readString(Path.of("src", "test", "sql", "questions.sql"));
        for (String statement : script.replace(":notes", String.valueOf(NOTES)).split(";\\R")) {
            sql.execute(statement);
        }
        long began = System.nanoTime();
        sql.execute(
                "CREATE INDEX note_search ON note USING gin (search_grams(search)) WITH (fastupdate = on, gin_pending_list_limit = 4096)");
        Duration index = Duration.ofNanos(System.nanoTime() - began);
        sql.execute("ALTER INDEX note_search ALTER COLUMN 1 SET STATISTICS 0");
        sql.execute("VACUUM ANALYZE");
        sql.execute("CHECKPOINT");
        sql.execute("RESET ALL");
        return index;
    }
}
