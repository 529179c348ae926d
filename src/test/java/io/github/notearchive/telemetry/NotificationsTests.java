package io.github.notearchive.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.Mockito.verifyNoInteractions;
import static org.mockito.Mockito.when;

import io.github.notearchive.archive.query.NoteChanges.ChangeDigest;
import io.github.notearchive.archive.query.NoteChanges.ChangeDigest.ChangedNote;
import io.github.notearchive.archive.query.NoteChanges.ChangeDigest.Changes;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobEnd;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.io.RecordedLog;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.text.Secret;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.Settings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Content and retries of messages and pings. No receiver delays a run, and the log contains no URL. */
@Timeout(30)
class NotificationsTests {

    private static final String SECRET_PATH = "/services/T00/B00/x0secret0path0";
    private static final String WEBHOOK = "archive.notify.webhook.url";
    private static final String PING = "archive.notify.ping-url";
    private static final String PUSH = "archive.metrics.push-url";
    private static final String FORMAT = "archive.notify.webhook.format";
    private static final String SECRET = "archive.notify.webhook.secret";
    private static final String EVENTS = "archive.notify.events";
    private static final CommandResult BLOCKED =
            CommandResult.failed(ExitCode.BLOCKED_TOKEN, "code 100 (TOKEN INVALID)", "renew the token");

    private final ScriptedServer receiver = new ScriptedServer();
    private final String url = receiver.address() + SECRET_PATH;

    @RegisterExtension
    final RecordedLog log = new RecordedLog(Receivers.class);

    @AfterEach
    void close() {
        receiver.close();
    }

    /** Reports a run without an execution. */
    private static void report(CommandResult result, String... settings) {
        try (TelemetryFixture fixture = TelemetryFixture.with(settings)) {
            fixture.report(result);
        }
    }

    /** Reports a run whose execution started. */
    private static void reportStarted(String... settings) {
        try (TelemetryFixture fixture = TelemetryFixture.with(settings)) {
            fixture.reportStartedRun(BLOCKED);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            json     | 200 | {}              |                   | false
            feishu   | 200 | {"code": 0}     |                   | false
            dingtalk | 200 | {"errcode": 0}  |                   | false
            wecom    | 200 | {"errcode": 7}  | code 7            | false
            slack    | 404 | gone            | HTTP 404          | false
            json     | 503 | later           | HTTP 503          | true
            """)
    void testIsSentOnceToEachReceiverRegardlessOfTheSelectedEvents(
            String format, int status, String reply, @Nullable String problem, boolean isUnavailable) {
        receiver.always(ScriptedServer.reply(status, reply.getBytes(UTF_8)));

        List<NotificationTest.TestResult> results =
                TelemetryFixture.test(WEBHOOK, url, FORMAT, format, EVENTS, "start", PING, url);

        assertThat(results)
                .extracting(NotificationTest.TestResult::receiver)
                .containsExactly("webhook (" + format + ")", "ping");
        assertThat(results.getFirst().problem()).isEqualTo(problem);
        assertThat(results.getFirst().isUnavailable()).isEqualTo(isUnavailable);
        assertThat(results.toString()).doesNotContain("secret");
        assertThat(receiver.requests()).hasSize(2);
        assertThat(new String(receiver.requests().getFirst().body(), UTF_8)).contains("this is a test");
        assertThat(receiver.requests().getLast().line()).contains(SECRET_PATH + "/log?rid=");
        assertThat(TelemetryFixture.test()).isEmpty();
    }

    private static JsonNode json(ScriptedServer.Request request) {
        return JsonMapper.shared().readTree(request.body());
    }

    @Test
    void aMessageHasResultReasonAndNextAction() {
        report(BLOCKED, WEBHOOK, url, "archive.node", "second");

        assertThat(receiver.requests()).hasSize(1);
        ScriptedServer.Request request = receiver.requests().getFirst();
        assertThat(request.line()).isEqualTo("POST " + SECRET_PATH + " HTTP/1.1");
        assertThat(request.headers())
                .containsEntry("X-Note-Archive-Event", "failure")
                .containsKey("X-Note-Archive-Delivery")
                .doesNotContainKeys("Authorization", "X-Note-Archive-Signature");
        assertThat(request.headers().get("Content-Type")).startsWith("application/json");
        ObjectNode message = (ObjectNode) json(request);
        assertThat(message.remove("seconds").isNumber()).isTrue();
        assertThat(message).isEqualTo(JsonMapper.shared().readTree("""
                        {"version": 1, "event": "failure", "command": "run", "node": "second", "night": "2026-03-10",
                         "at": "2026-03-10T04:00:00Z", "text": "note-archive run on node second: BLOCKED_TOKEN (exit 4): \
                        code 100 (TOKEN INVALID)\\nnext: renew the token",
                         "exitCode": 4, "result": "BLOCKED_TOKEN", "reason": "code 100 (TOKEN INVALID)",
                         "next": "renew the token", "execution": null, "restart": null, "notes": null,
                         "refreshes": null, "files": null, "bill": null, "findings": null, "logRoot": null, "digest": null}
                        """));
        assertThat(log.messages()).isEmpty();
    }

    @Test
    void messagesOfARunPastMidnightHaveTheNightOfItsStart() {
        try (TelemetryFixture fixture = TelemetryFixture.with(WEBHOOK, url, EVENTS, "start,failure")) {
            fixture.setTime(Instant.parse("2026-03-10T15:50:00Z"));
            fixture.telemetry.open("run");
            fixture.telemetry.onStart(false);
            fixture.setTime(Instant.parse("2026-03-10T16:10:00Z"));
            fixture.telemetry.ended(BLOCKED);
        }

        assertThat(receiver.requests())
                .map(NotificationsTests::json)
                .extracting(
                        message -> message.path("event").asString(),
                        message -> message.path("night").asString())
                .containsExactly(tuple("start", "2026-03-10"), tuple("failure", "2026-03-10"));
    }

    @Test
    void aMessageHasTheTokenAndAVerifiableSignature() {
        String token = "archive.notify.webhook.token";
        report(BLOCKED, WEBHOOK, url, token, "bearer-1", SECRET, "key-2");

        ScriptedServer.Request request = receiver.requests().getFirst();
        String signature = new HmacUtils(HmacAlgorithms.HMAC_SHA_256, "key-2").hmacHex(request.body());
        assertThat(request.headers())
                .containsEntry("Authorization", "Bearer bearer-1")
                .containsEntry("X-Note-Archive-Signature", "sha256=" + signature);
    }

    /** The signatures are those of another implementation. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            feishu   | key-2 | | {"timestamp": "1773115200", "sign": "Ezz5CnHygEtsc/AEK+WgfRbsWSwW/aVVTAFO4ZMJRNA=", "msg_type": "text", "content": {"text": "%s"}}
            dingtalk | key-2 | &timestamp=1773115200000&sign=tgy8yjlHievy%2FPJeD2sdpaLJ5tq1Mwini%2Fe1rT80iAQ%3D | {"msgtype": "text", "text": {"content": "%s"}}
            feishu   | | | {"msg_type": "text", "content": {"text": "%s"}}
            dingtalk | | | {"msgtype": "text", "text": {"content": "%s"}}
            wecom    | | | {"msgtype": "text", "text": {"content": "%s"}}
            slack    | | | {"text": "%s"}
            """)
    void chatReceivesItsFormat(String format, @Nullable String secret, @Nullable String signature, String body) {
        receiver.always(ScriptedServer.reply(200, "{\"code\": 0, \"errcode\": 0}".getBytes(UTF_8)));

        report(BLOCKED, WEBHOOK, url + "?key=secret1", FORMAT, format, SECRET, Objects.requireNonNullElse(secret, ""));

        ScriptedServer.Request request = receiver.requests().getFirst();
        assertThat(receiver.requests()).hasSize(1);
        assertThat(request.target())
                .isEqualTo(SECRET_PATH + "?key=secret1" + Objects.requireNonNullElse(signature, ""));
        assertThat(request.headers().get("Content-Type")).startsWith("application/json");
        assertThat(request.headers()).doesNotContainKey("X-Note-Archive-Signature");
        assertThat(json(request)).isEqualTo(JsonMapper.shared().readTree(body.formatted("""
                        note-archive run on node main: BLOCKED_TOKEN (exit 4): code 100 (TOKEN INVALID)\\nnext: renew the token\
                        """)));
        assertThat(log.messages()).isEmpty();
    }

    /** Chats reject a message with HTTP 200. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            feishu   | {"code": 19021, "msg": "sign match fail secret"}        | 1 | code 19021 (attempts: 1)
            dingtalk | {"errcode": 310000, "errmsg": "keywords not in content"} | 1 | code 310000 (attempts: 1)
            wecom    | <html>secret</html>                                     | 1 | no JSON in the reply (attempts: 1)
            wecom    | {"errmsg": "ok"}                                        | 1 | no code in the reply (attempts: 1)
            wecom    | ``                                                      | 1 | no code in the reply (attempts: 1)
            dingtalk | {"errcode": -1, "errmsg": "busy"}                       | 2 |
            slack    | ok                                                      | 1 |
            """)
    void replyOfAChatIsChecked(String format, String reply, int requests, @Nullable String logged) {
        receiver.always(ScriptedServer.reply(200, "{\"errcode\": 0}".getBytes(UTF_8)))
                .replies(200, reply);

        report(BLOCKED, WEBHOOK, url, FORMAT, format);

        assertThat(receiver.requests()).hasSize(requests);
        if (logged == null) {
            assertThat(log.messages()).isEmpty();
        } else {
            assertThat(log.messages())
                    .singleElement()
                    .asString()
                    .contains(receiver.address() + "/***: " + logged)
                    .doesNotContain("secret", "services");
        }
    }

    @Test
    void messageOfARunNamesTheChangesOfItsNight() {
        List<ChangedNote> gone = List.of(
                new ChangedNote(new NoteId("66aa00000000000000000001"), "旧书店 <at user_id=\"all\">\n@all & x", "Anna"),
                new ChangedNote(new NoteId("66aa00000000000000000002"), null, null));
        ChangeDigest digest = new ChangeDigest(
                Instant.parse("2026-03-09T16:00:00Z"), new Changes(7, gone), new Changes(0, List.of()));
        CommandResult result = new CommandResult(
                new JobEnd(ExitCode.COMPLETED, "every due note was processed", 1L, 1L, false, Duration.ZERO),
                "nothing",
                true,
                RunCounts.NONE,
                new CommandResult.CallCounts(0, 0, 0),
                null,
                "ab".repeat(32));
        String[] formats = {"json", "feishu", "slack"};
        receiver.always(ScriptedServer.reply(200, "{\"code\": 0}".getBytes(UTF_8)));

        for (String format : formats) {
            try (TelemetryFixture fixture = TelemetryFixture.with(WEBHOOK, url, EVENTS, "success", FORMAT, format)) {
                when(fixture.changes.digest(digest.since(), 5)).thenReturn(digest);
                fixture.report(result);
            }
        }
        try (TelemetryFixture fixture =
                TelemetryFixture.with(WEBHOOK, url, EVENTS, "success", "archive.notify.digest", "0")) {
            fixture.report(result);
            verifyNoInteractions(fixture.changes);
        }

        String lines = """

                7 notes vanished tonight:
                - 旧书店 %s · Anna · 66aa00000000000000000001
                - 66aa00000000000000000002
                - and 5 more""";
        JsonNode message = json(receiver.requests().get(0));
        assertThat(message.at("/digest/gone/notes").asInt()).isEqualTo(7);
        assertThat(message.at("/digest/gone/newest/0/noteId").asString()).isEqualTo("66aa00000000000000000001");
        assertThat(message.at("/digest/edited/newest")).isEmpty();
        assertThat(message.at("/text").asString()).endsWith("next: nothing");
        assertThat(json(receiver.requests().get(1)).at("/content/text").asString())
                .endsWith("next: nothing" + lines.formatted("＜at user_id=\"all\"> @all & x"));
        assertThat(json(receiver.requests().get(2)).at("/text").asString())
                .endsWith("next: nothing" + lines.formatted("&lt;at user_id=\"all\"&gt; @all &amp; x"));
        assertThat(json(receiver.requests().get(3)).at("/digest").isNull()).isTrue();
    }

    @Test
    void messageIsSentWithoutADigestThatCannotBeRead() {
        CommandResult result = new CommandResult(
                new JobEnd(ExitCode.COMPLETED, "all", 1L, 1L, false, Duration.ZERO),
                "nothing",
                true,
                RunCounts.NONE,
                null,
                null,
                null);
        try (TelemetryFixture fixture = TelemetryFixture.with(WEBHOOK, url, EVENTS, "success")) {
            when(fixture.changes.digest(any(), anyInt())).thenThrow(new IllegalStateException("secret"));
            fixture.report(result);
        }

        assertThat(json(receiver.requests().getFirst()).at("/digest").isNull()).isTrue();
        assertThat(log.messages())
                .singleElement()
                .asString()
                .startsWith("digest ")
                .doesNotContain("secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "书", "😀"})
    void longTextOfAChatIsCutBetweenCharacters(String character) {
        String text = new ChatMessage(
                        NotifyProperties.Format.WECOM, character.repeat(3000), new Secret(""), TelemetryFixture.NOW)
                .text();

        assertThat(text).matches("(" + character + ")+");
        assertThat(text.getBytes(UTF_8).length).isBetween(2045, 2048);
    }

    @ParameterizedTest
    @CsvSource({
        "COMPLETED, success, ''",
        "QUOTA_EXHAUSTED, success, ''",
        "INCOMPLETE, attention, ''",
        "INTERRUPTED, attention, ''",
        "FAILED, failure, /1",
        "USAGE, failure, /2",
        "BLOCKED_BALANCE, failure, /4",
        "UPSTREAM_UNAVAILABLE, failure, /8"
    })
    void eachExitCodeHasAnEventAndAPing(ExitCode exitCode, String event, String below) {
        String all = "start,success,attention,failure,overlap";
        CommandResult result = CommandResult.failed(exitCode, "why", "what next");
        report(result, WEBHOOK, url, PING, receiver.address() + "/check/", EVENTS, all);

        assertThat(receiver.requests())
                .hasSize(2)
                .anySatisfy(request -> assertThat(request.headers()).containsEntry("X-Note-Archive-Event", event))
                .anySatisfy(request -> assertThat(request.line()).startsWith("POST /check" + below + "?rid="));
    }

    @Test
    void anOverlapIsSentIfSelectedAndNeverPinged() {
        CommandResult overlap = CommandResult.failed(ExitCode.ALREADY_RUNNING, "another run is active", "nothing");
        report(overlap, WEBHOOK, url, PING, url);
        assertThat(receiver.requests()).isEmpty();

        report(overlap, WEBHOOK, url, PING, url, EVENTS, "overlap");
        assertThat(receiver.requests()).hasSize(1);
    }

    @Test
    void startAndEndArePingedInOrderWithTheSameRunId() {
        reportStarted(PING, url);

        assertThat(receiver.lines())
                .map(line -> line.replaceFirst("\\?rid=.* ", " "))
                .containsExactly("POST " + SECRET_PATH + "/start HTTP/1.1", "POST " + SECRET_PATH + "/4 HTTP/1.1");
        assertThat(receiver.lines().stream()
                        .map(line -> line.replaceFirst(".*rid=(\\S+).*", "$1"))
                        .distinct())
                .hasSize(1);
    }

    @Test
    void aFailedDeliveryIsRetriedWithTheSameId() {
        receiver.replies(ScriptedServer.status(500), ScriptedServer.status(429));

        report(BLOCKED, WEBHOOK, url);

        assertThat(receiver.requests()).hasSize(3);
        assertThat(receiver.requests().stream()
                        .map(request -> request.headers().get("X-Note-Archive-Delivery"))
                        .distinct())
                .hasSize(1);
        assertThat(log.messages()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 307, 400, 401, 404, 410})
    void aRejectedDeliveryIsNeitherRetriedNorRedirectedAndLoggedWithoutTheUrl(int status) {
        try (ScriptedServer elsewhere = new ScriptedServer()) {
            receiver.always(ScriptedServer.status(status, "Location: " + elsewhere.address() + SECRET_PATH));

            report(BLOCKED, WEBHOOK, url);

            assertThat(elsewhere.requests()).isEmpty();
        }

        assertThat(receiver.requests()).hasSize(1);
        assertThat(log.messages())
                .singleElement()
                .asString()
                .contains(receiver.address() + "/***", "HTTP " + status)
                .doesNotContain("secret", "services");
    }

    /** Behaviour of a receiver that never completes a response. */
    enum Hostile {
        SILENT,
        DRIPPING,
        ENDLESS,
        CLOSED
    }

    @ParameterizedTest
    @EnumSource
    void aHostileReceiverIsAbortedAtTheTimeout(Hostile hostile) {
        switch (hostile) {
            case SILENT -> receiver.always(receiver.silence());
            case DRIPPING -> receiver.always(receiver.drip("HTTP/1.1 200 OK\r\n", "X: y\r\n"));
            case ENDLESS -> {
                String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                receiver.always(ScriptedServer.endless(head, "4\r\nxxxx\r\n"));
            }
            case CLOSED -> receiver.close();
        }
        // the endless body is no failure, so a slow machine must not reach the timeout
        String patience = hostile == Hostile.ENDLESS ? "20s" : "1s";
        List<String> settings = new ArrayList<>();
        for (String target : List.of(WEBHOOK, PING, PUSH, "archive.metrics.otlp-url")) {
            settings.addAll(List.of(target, url.replace("//", "//user:pa0ss@")));
        }
        settings.addAll(List.of("archive.notify.timeout", patience, "archive.metrics.timeout", patience));

        reportStarted(settings.toArray(String[]::new));

        assertThat(log.messages().stream().map(line -> line.split(" ")[0])).doesNotHaveDuplicates();
        assertThat(log.messages())
                .allSatisfy(line -> assertThat(line)
                        .contains(receiver.address() + "/***")
                        .doesNotContain("secret", "services", "pa0ss", "user"));
        // the status is sufficient
        assertThat(log.messages().isEmpty()).isEqualTo(hostile == Hostile.ENDLESS);
    }

    @Test
    void nothingIsSentBeforeACommandOpensTelemetryOrWithoutSettings() {
        try (TelemetryFixture fixture = TelemetryFixture.with(WEBHOOK, url, EVENTS, "start,failure")) {
            fixture.telemetry.onStart(false);
            fixture.telemetry.ended(BLOCKED);
        }
        report(BLOCKED);

        assertThat(receiver.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://example.org/x",
                "example.org/x",
                "http:///x",
                "https://example.org/x#y",
                "http://exa mple.org/x",
                "http://[::1/x"
            })
    void anInvalidUrlIsRejectedWithoutShowingIt(String address) {
        SecretUrl invalid = new SecretUrl(address);

        assertThat(invalid.isUsable()).isFalse();
        assertThat(invalid.toString()).doesNotContain("/x");
    }

    @Test
    void anInvalidUrlSettingIsNamedAndNotShown() {
        SecretUrl none = new SecretUrl("hc-ping.com/5bf66975");
        Secret secret = new Secret("");
        NotifyProperties.Webhook webhook =
                new NotifyProperties.Webhook(none, NotifyProperties.Format.SLACK, secret, new Secret("x"));

        assertThat(Settings.violations(new NotifyProperties(
                        Set.of(NotifyProperties.NotifyEvent.FAILURE), webhook, none, 5, Duration.ofSeconds(20))))
                .containsExactlyInAnyOrder(
                        "archive.notify.webhook.secret must be empty for the formats slack and wecom, which do not sign",
                        "archive.notify.webhook.url must be an absolute http or https URL",
                        "archive.notify.ping-url must be an absolute http or https URL");
        assertThat(Settings.violations(
                        new MetricsProperties("/var/lib/metrics.txt", none, " ", none, secret, Duration.ofSeconds(15))))
                .extracting(message -> message.split(" ")[0])
                .containsExactlyInAnyOrder(
                        "archive.metrics.textfile",
                        "archive.metrics.push-url",
                        "archive.metrics.push-job",
                        "archive.metrics.otlp-url");
    }

    @Test
    void userAndPasswordOfAUrlAreSentAsAHeader() {
        SecretUrl withUser = new SecretUrl("https://me:pa%40ss@example.org:8443/a?b=c");

        assertThat(withUser.address()).hasToString("https://example.org:8443/a?b=c");
        assertThat(withUser.address("/start")).hasToString("https://example.org:8443/a/start?b=c");
        assertThat(withUser.authorizationHeader()).containsExactly(entry("Authorization", "Basic bWU6cGFAc3M="));
        assertThat(withUser).hasToString("https://example.org:8443/***");
    }
}
