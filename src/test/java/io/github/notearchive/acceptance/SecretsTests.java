package io.github.notearchive.acceptance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.sandbox.SandboxScript;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * No credential is written anywhere, at any log level and with any response. That ordinary output contains none is
 * asserted with each process of all these tests.
 */
@ExtendWith(OutsideServers.Running.class)
@Tag("long")
class SecretsTests {

    private static final Map<String, String> EVERYTHING_LOGGED = Map.of(
            "JAVA_TOOL_OPTIONS",
            "-Dlogging.level.root=trace -Dlogging.level.org.apache.hc=trace"
                    + " -Dlogging.level.org.apache.hc.client5.http.wire=trace"
                    + " -Dlogging.level.okhttp3=trace -Dlogging.level.org.gaul=trace");
    private static final String SHARE_TOKEN = "ABshared0token1of2a3link=";
    private static final String WRONG = "wrong-secret-5e1c77a0b2";

    /** Settings of notifications. */
    private static final Map<String, String> RECEIVER_SECRETS = Map.of(
            "hook", "T00hook91c4e0a7",
            "token", "hook-bearer-7d2c91",
            "signer", "hook-signer-55aa10",
            "check", "5bf66975-d4c7-4bf5-bcc8",
            "gateway", "gateway-pass-18f0",
            "collector", "collector-key-3b77",
            "bearer", "otlp-bearer-90ee");

    /** Where the embedded servers' passwords are kept. */
    private static final Set<String> CREDENTIALS = Set.of("postgres.password", "s3.credentials");

    /** Where an answer is kept as it was received, with the signed addresses it is made of. */
    private static final Set<String> ANSWERS = Set.of("api_call", "note_capture", "author");

    @ParameterizedTest(name = "on {0} servers")
    @EnumSource
    void traceLogOfAFailingNightContainsNoSecret(Place place) throws Exception {
        try (Practice practice = Practice.begin(place);
                ScriptedServer receivers = new ScriptedServer();
                ProcessList processes = new ProcessList()) {
            configureReceivers(practice, receivers);
            List<String> ids = new ArrayList<>(practice.provider().noteIds(12));
            ids.addAll(practice.provider().noteIds(SandboxNoteKind.SOUND, 1));
            script(practice.provider(), ids);
            List<Ended> all = new ArrayList<>();

            all.add(traced(practice, "enqueue", links(practice, ids)).with(6));
            Ended night = traced(practice, "run").with(6);
            all.add(night);
            all.add(traced(practice, "explain", ids.getLast()).with(0));
            if (place == Place.OUTSIDE) {
                // none of it has to do with whose servers they are
                for (String id : List.of(ids.get(3), ids.get(5))) {
                    all.add(traced(practice, "explain", id).with(0));
                }
                all.add(traced(practice, "status").with(0));
                practice.environment().put("JUSTONEAPI_TOKEN", WRONG);
                all.add(traced(practice, "requeue", "--state", "POSTPONED"));
                all.add(traced(practice, "run").with(4));
                practice.environment().put("JUSTONEAPI_TOKEN", Practice.TOKEN);
                for (String secret : List.of("ARCHIVE_DATABASE_PASSWORD", "ARCHIVE_S3_SECRET_KEY")) {
                    String right = practice.environment().put(secret, WRONG);
                    all.add(traced(practice, "run").with(2));
                    practice.environment().put(secret, right);
                }
            }

            List<String> known = new ArrayList<>(practice.secrets());
            known.addAll(RECEIVER_SECRETS.values());
            List<String> secrets = everyFormOf(known);
            Set<String> signatures = signatures(practice, ids);
            assertThat(night.err()).contains("TRACE", "DEBUG");
            for (Ended ended : all) {
                assertThat(ended.out() + ended.err())
                        .doesNotContain(secrets)
                        .doesNotContain(SHARE_TOKEN)
                        .doesNotContain(signatures);
            }
            try (Archive archive = practice.look()) {
                searchTables(archive, secrets, signatures);
                searchObjects(archive, secrets);
            }
            searchFiles(practice, secrets);
            assertThat(receivers.requests().stream().map(ScriptedServer.Request::line))
                    .anyMatch(line -> line.contains(RECEIVER_SECRETS.get("hook")))
                    .anyMatch(line -> line.contains(RECEIVER_SECRETS.get("check") + "/start"))
                    .anyMatch(line -> line.contains("/metrics/job/note_archive/"));
            assertThat(night.err())
                    .contains("webhook " + receivers.address() + "/***: HTTP 400")
                    .contains("pushgateway " + receivers.address() + "/***: HTTP 400");
            assertThat(practice.directory().resolve("main.prom")).content().contains("note_archive_");
            assertThat(processes.commandLines())
                    .anyMatch(line -> line.endsWith(" run"))
                    .noneMatch(line -> secrets.stream().anyMatch(line::contains))
                    .noneMatch(line -> line.contains(SHARE_TOKEN));
        }
    }

    /** Configures all receivers, by addresses that are secrets; each rejects what is sent. */
    private static void configureReceivers(Practice practice, ScriptedServer receivers) {
        receivers.always(ScriptedServer.status(400));
        String host = receivers.address().substring("http://".length());
        Map<String, String> environment = practice.environment();
        environment.put("ARCHIVE_NOTIFY_EVENTS", "start,success,attention,failure,overlap");
        environment.put(
                "ARCHIVE_NOTIFY_WEBHOOK_URL", receivers.address() + "/services/" + RECEIVER_SECRETS.get("hook"));
        environment.put("ARCHIVE_NOTIFY_WEBHOOK_TOKEN", RECEIVER_SECRETS.get("token"));
        environment.put("ARCHIVE_NOTIFY_WEBHOOK_SECRET", RECEIVER_SECRETS.get("signer"));
        environment.put("ARCHIVE_NOTIFY_PING_URL", receivers.address() + "/" + RECEIVER_SECRETS.get("check"));
        environment.put("ARCHIVE_METRICS_PUSH_URL", "http://me:" + RECEIVER_SECRETS.get("gateway") + "@" + host);
        environment.put(
                "ARCHIVE_METRICS_OTLP_URL",
                receivers.address() + "/v1/metrics?key=" + RECEIVER_SECRETS.get("collector"));
        environment.put("ARCHIVE_METRICS_OTLP_AUTHORIZATION", "Bearer " + RECEIVER_SECRETS.get("bearer"));
        environment.put("ARCHIVE_METRICS_TEXTFILE", practice.directory() + "/{node}.prom");
    }

    /** Most of what may go wrong, and the token repeated wherever there is room for it. */
    private static void script(ScriptableSandbox provider, List<String> ids) {
        SandboxScript script = provider.script();
        String token = Practice.TOKEN;
        byte[] page = ("<html>GET /?token=" + token + " failed").getBytes(UTF_8);
        script.always(ids.get(0), Reply.code(301));
        script.always(ids.get(1), Reply.raw(502, "text/html", page));
        script.always(ids.get(2), Reply.reset());
        script.always(
                ids.get(3),
                Reply.json("{\"code\":400,\"message\":\"bad token=%s\",\"recordTime\":1}".formatted(token)));
        script.always(ids.get(4), Reply.noteWith(note -> note.put("desc", "your token is " + token)));
        script.always(ids.get(5), Reply.json("{\"code\":0,\"message\":\"" + token));
        script.always(
                ids.get(6),
                Reply.raw(302, "text/plain", page).header("Location", "http://127.0.0.1:1/?token=" + token));
        script.always(ids.get(7), Reply.lost());
        script.always(ids.get(8), Reply.truncated());
        script.always(ids.get(9), Reply.code(301).header("X-Request-Id", token));
        script.always(ids.get(10), Reply.code(201));
        AtomicInteger next = new AtomicInteger();
        List<Reply> mishaps = List.of(
                Reply.status(403),
                Reply.status(500),
                Reply.reset(),
                Reply.truncated(),
                Reply.redirect("http://127.0.0.1:1/?sign=0123456789&t=1"),
                Reply.bytes("text/html", page));
        Predicate<String> everyFifth = _ -> next.incrementAndGet() % 5 == 0;
        script.media(everyFifth, mishaps.toArray(Reply[]::new));
        Set<String> dead = Practice.targetsOf(provider, ids.getLast());
        script.media(dead::contains, Reply.status(403));
    }

    /** A list of links as they are shared, and some lines that are refused. */
    private static String links(Practice practice, List<String> ids) {
        List<String> lines = new ArrayList<>();
        ids.forEach(id -> lines.add("https://www.xiaohongshu.com/explore/%s?xsec_token=%s&xsec_source=pc_share"
                .formatted(id, SHARE_TOKEN)));
        lines.add("https://www.xiaohongshu.com/explore/unknown?xsec_token=" + SHARE_TOKEN);
        lines.add("https://example.org/?a=b&XSEC_TOKEN=" + SHARE_TOKEN);
        return practice.file("links.txt", String.join("\n", lines)).toString();
    }

    private static Ended traced(Practice practice, String... arguments) {
        return practice.end(practice.startWith(EVERYTHING_LOGGED, arguments));
    }

    /** As they are, and as they would look in an address, in binary columns and in headers. */
    private static List<String> everyFormOf(List<String> secrets) {
        List<String> forms = new ArrayList<>();
        for (String secret : Stream.concat(secrets.stream(), Stream.of(WRONG)).toList()) {
            byte[] bytes = secret.getBytes(UTF_8);
            String base64 = Base64.getEncoder().withoutPadding().encodeToString(bytes);
            forms.addAll(List.of(
                    secret,
                    URLEncoder.encode(secret, UTF_8),
                    HexFormat.of().formatHex(bytes),
                    base64.substring(0, base64.length() - 1)));
        }
        return forms.stream().distinct().toList();
    }

    /** What signs the addresses of files in all answers, and what opens the notes in them. */
    private static Set<String> signatures(Practice practice, List<String> ids) {
        Pattern secret = Pattern.compile("(?:sign|xsec_token)=([0-9A-Za-z]{8,})");
        Set<String> found = new TreeSet<>();
        for (String id : ids) {
            Matcher matcher = secret.matcher(practice.provider().envelope(id).toString());
            while (matcher.find()) {
                found.add(matcher.group(1));
            }
        }
        assertThat(found).hasSizeGreaterThan(20);
        return found;
    }

    private static void searchTables(Archive archive, List<String> secrets, Set<String> signatures) {
        List<String> tables =
                archive.strings("SELECT table_name FROM information_schema.tables WHERE table_schema =" + " 'public'");
        assertThat(tables).contains("batch_job_execution", "api_call", "worklist");
        for (String table : tables) {
            String text = archive.dump(table);
            assertThat(text).as(table).doesNotContain(secrets).doesNotContain(SHARE_TOKEN);
            if (!ANSWERS.contains(table)) {
                assertThat(text).as(table).doesNotContain(signatures);
            }
        }
        assertThat(archive.strings("SELECT message FROM api_call WHERE message IS NOT NULL"))
                .isNotEmpty()
                .allSatisfy(message -> assertThat(message).doesNotContain(signatures));
        assertThat(archive.strings("SELECT note_text FROM note WHERE note_text LIKE 'your token is%'"))
                .hasSize(1);
        assertThat(archive.number("SELECT count(*) FROM note_media WHERE error IS NOT NULL"))
                .isPositive();
    }

    private static void searchObjects(Archive archive, List<String> secrets) throws Exception {
        Set<String> keys = archive.objects("").keySet();
        assertThat(keys).anyMatch(key -> key.startsWith("notes/"));
        for (String key : keys) {
            assertThat(key).doesNotContain(secrets);
            assertThat(new String(archive.read(key), ISO_8859_1)).as(key).doesNotContain(secrets);
        }
    }

    /** All files in the working directory and in the data directory. */
    private static void searchFiles(Practice practice, List<String> secrets) throws IOException {
        try (Stream<Path> files = Files.walk(practice.directory())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!CREDENTIALS.contains(file.getFileName().toString())) {
                    assertThat(Files.readString(file, ISO_8859_1))
                            .as(file.toString())
                            .doesNotContain(secrets);
                }
            }
        }
    }

    /** The command lines of all processes of the machine, looked at four times a second. */
    private static final class ProcessList implements AutoCloseable {

        private final Set<String> seen = ConcurrentHashMap.newKeySet();
        private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

        ProcessList() {
            var _ = timer.scheduleWithFixedDelay(this::look, 0, 250, TimeUnit.MILLISECONDS);
        }

        private void look() {
            ProcessHandle.allProcesses()
                    .forEach(process -> process.info().commandLine().ifPresent(seen::add));
        }

        Set<String> commandLines() {
            return seen;
        }

        @Override
        public void close() throws InterruptedException {
            timer.shutdown();
            timer.awaitTermination(10, TimeUnit.SECONDS);
        }
    }
}
