package io.github.notearchive.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.RecordedLog;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.Secret;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import jakarta.validation.ValidatorFactory;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Content and retries of messages and pings. No receiver delays a run, and the log contains no URL. */
@Timeout(30)
class NotificationsTests {

    private static final String SECRET_PATH = "/services/T00/B00/x0secret0path0";
    private static final CommandResult BLOCKED =
            CommandResult.failed(ExitCode.BLOCKED_TOKEN, "code 100 (TOKEN INVALID)", "renew the token");

    private final ScriptedServer receiver = new ScriptedServer();

    @RegisterExtension
    final RecordedLog log = new RecordedLog(Receivers.class);

    @AfterEach
    void close() throws IOException {
        receiver.close();
    }

    private TelemetryFixture withWebhook(String... more) {
        return with("archive.notify.webhook.url", more);
    }

    private TelemetryFixture withPings(String... more) {
        return with("archive.notify.ping-url", more);
    }

    private TelemetryFixture with(String url, String... more) {
        String[] settings = Arrays.copyOf(more, more.length + 4);
        settings[more.length] = url;
        settings[more.length + 1] = receiver.address() + SECRET_PATH;
        settings[more.length + 2] = "archive.node";
        settings[more.length + 3] = "second";
        return TelemetryFixture.with(settings);
    }

    @Test
    void aMessageHasResultReasonAndNextAction() {
        try (TelemetryFixture fixture = withWebhook()) {
            fixture.report(BLOCKED);
        }

        ScriptedServer.Request told = receiver.requests().getFirst();
        assertThat(receiver.requests()).hasSize(1);
        assertThat(told.line()).isEqualTo("POST " + SECRET_PATH + " HTTP/1.1");
        assertThat(told.headers())
                .containsEntry("X-Note-Archive-Event", "failure")
                .containsKey("X-Note-Archive-Delivery")
                .doesNotContainKeys("Authorization", "X-Note-Archive-Signature");
        assertThat(told.headers().get("Content-Type")).startsWith("application/json");
        JsonNode message = JsonMapper.shared().readTree(told.body());
        assertThat(message.path("version").asInt()).isEqualTo(1);
        assertThat(message.path("event").asString()).isEqualTo("failure");
        assertThat(message.path("command").asString()).isEqualTo("run");
        assertThat(message.path("node").asString()).isEqualTo("second");
        assertThat(message.path("night").asString()).isEqualTo("2026-03-10");
        assertThat(message.path("at").asString()).isEqualTo("2026-03-10T04:00:00Z");
        assertThat(message.path("exitCode").asInt()).isEqualTo(4);
        assertThat(message.path("result").asString()).isEqualTo("BLOCKED_TOKEN");
        assertThat(message.path("reason").asString()).isEqualTo("code 100 (TOKEN INVALID)");
        assertThat(message.path("next").asString()).isEqualTo("renew the token");
        assertThat(message.path("notes").isNull()).isTrue();
        assertThat(message.path("text").asString()).contains("second", "BLOCKED_TOKEN (exit 4)", "renew the token");
        assertThat(log.messages()).isEmpty();
    }

    @Test
    void messagesOfARunPastMidnightHaveTheNightOfItsStart() {
        try (TelemetryFixture fixture = withWebhook("archive.notify.events", "start,failure")) {
            fixture.setTime(Instant.parse("2026-03-10T15:50:00Z"));
            fixture.telemetry.open("run");
            fixture.telemetry.onStart(false);
            fixture.setTime(Instant.parse("2026-03-10T16:10:00Z"));
            fixture.telemetry.ended(BLOCKED);
        }

        assertThat(receiver.requests())
                .map(told -> JsonMapper.shared().readTree(told.body()))
                .extracting(
                        message -> message.path("event").asString(),
                        message -> message.path("night").asString())
                .containsExactly(tuple("start", "2026-03-10"), tuple("failure", "2026-03-10"));
    }

    @Test
    void aMessageHasTheTokenAndAVerifiableSignature() throws Exception {
        try (TelemetryFixture fixture = withWebhook(
                "archive.notify.webhook.token", "bearer-1",
                "archive.notify.webhook.secret", "key-2")) {
            fixture.report(BLOCKED);
        }

        ScriptedServer.Request told = receiver.requests().getFirst();
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("key-2".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        assertThat(told.headers())
                .containsEntry("Authorization", "Bearer bearer-1")
                .containsEntry(
                        "X-Note-Archive-Signature", "sha256=" + HexFormat.of().formatHex(mac.doFinal(told.body())));
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
        String address = receiver.address();
        try (TelemetryFixture fixture = TelemetryFixture.with(
                "archive.notify.webhook.url", address + "/hook",
                "archive.notify.ping-url", address + "/check/",
                "archive.notify.events", "start,success,attention,failure,overlap")) {
            fixture.report(CommandResult.failed(exitCode, "why", "what next"));
        }

        assertThat(receiver.requests()).hasSize(2);
        assertThat(receiver.requests())
                .anySatisfy(told -> assertThat(told.headers()).containsEntry("X-Note-Archive-Event", event))
                .anySatisfy(told -> assertThat(told.line()).startsWith("POST /check" + below + "?rid="));
    }

    @Test
    void anOverlapIsSentIfSelectedAndNeverPinged() {
        CommandResult overlap = CommandResult.failed(ExitCode.ALREADY_RUNNING, "another run is active", "nothing");
        try (TelemetryFixture fixture = withPings()) {
            fixture.report(overlap);
        }
        try (TelemetryFixture fixture = withWebhook()) {
            fixture.report(overlap);
        }
        assertThat(receiver.requests()).isEmpty();

        try (TelemetryFixture fixture = withWebhook("archive.notify.events", "overlap")) {
            fixture.report(overlap);
        }
        assertThat(receiver.requests()).hasSize(1);
    }

    @Test
    void startAndEndArePingedInOrderWithTheSameRunId() {
        try (TelemetryFixture fixture = withPings()) {
            fixture.reportStartedRun(BLOCKED);
        }

        assertThat(receiver.requests())
                .extracting(told -> told.line().replaceFirst("\\?rid=.* ", " "))
                .containsExactly("POST " + SECRET_PATH + "/start HTTP/1.1", "POST " + SECRET_PATH + "/4 HTTP/1.1");
        assertThat(receiver.requests())
                .extracting(told -> told.line().replaceFirst(".*rid=(\\S+).*", "$1"))
                .satisfies(rids -> assertThat(rids.getFirst()).isEqualTo(rids.getLast()));
    }

    @Test
    void aFailedDeliveryIsRetriedWithTheSameId() {
        receiver.replies(ScriptedServer.status(500), ScriptedServer.status(429));

        try (TelemetryFixture fixture = withWebhook()) {
            fixture.report(BLOCKED);
        }

        assertThat(receiver.requests()).hasSize(3);
        assertThat(receiver.requests())
                .extracting(told -> told.headers().get("X-Note-Archive-Delivery"))
                .containsOnly(receiver.requests().getFirst().headers().get("X-Note-Archive-Delivery"));
        assertThat(log.messages()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"301", "302", "307", "400", "401", "404", "410"})
    void aRejectedDeliveryIsNeitherRetriedNorRedirectedAndLoggedWithoutTheUrl(int status) throws IOException {
        try (ScriptedServer elsewhere = new ScriptedServer();
                TelemetryFixture fixture = withWebhook()) {
            receiver.always(ScriptedServer.status(status, "Location: " + elsewhere.address() + SECRET_PATH));

            fixture.report(BLOCKED);

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
    void aHostileReceiverIsAbortedAtTheTimeout(Hostile hostile) throws IOException {
        switch (hostile) {
            case SILENT -> receiver.always(receiver.silence());
            case DRIPPING -> receiver.always(receiver.drip("HTTP/1.1 200 OK\r\n", "X: y\r\n"));
            case ENDLESS ->
                receiver.always(ScriptedServer.endless(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\nxxxx\r\n"));
            case CLOSED -> receiver.close();
        }
        // the endless body is no failure, so a slow machine must not reach the timeout
        String patience = hostile == Hostile.ENDLESS ? "20s" : "1s";

        try (TelemetryFixture fixture = TelemetryFixture.with(
                "archive.notify.webhook.url", receiver.address() + SECRET_PATH,
                "archive.notify.ping-url", receiver.address() + SECRET_PATH,
                "archive.metrics.push-url", receiver.address() + SECRET_PATH,
                "archive.metrics.otlp-url", receiver.address() + SECRET_PATH,
                "archive.notify.timeout", patience,
                "archive.metrics.timeout", patience)) {
            fixture.reportStartedRun(BLOCKED);
        }

        assertThat(log.messages().stream().map(line -> line.split(" ")[0])).doesNotHaveDuplicates();
        assertThat(log.messages())
                .allSatisfy(line -> assertThat(line).contains("/***").doesNotContain("secret", "services"));
        if (hostile == Hostile.ENDLESS) {
            assertThat(log.messages()).as("the status is sufficient").isEmpty();
        } else {
            assertThat(log.messages()).isNotEmpty();
        }
    }

    @Test
    void anUnreachableHostIsLoggedOncePerReceiver() throws IOException {
        int unusedPort;
        try (ServerSocket free = new ServerSocket(0)) {
            unusedPort = free.getLocalPort();
        }
        String address = "http://user:pa0ss@127.0.0.1:" + unusedPort + SECRET_PATH;

        try (TelemetryFixture fixture = TelemetryFixture.with(
                "archive.notify.webhook.url",
                address,
                "archive.notify.timeout",
                "1s",
                "archive.metrics.push-url",
                address,
                "archive.metrics.timeout",
                "3s")) {
            fixture.reportStartedRun(BLOCKED);
        }

        assertThat(log.messages())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .contains("127.0.0.1:" + unusedPort + "/***")
                        .doesNotContain("secret", "pa0ss", "user"));
    }

    @Test
    void nothingIsSentBeforeACommandOpensTelemetryOrWithoutSettings() {
        try (TelemetryFixture fixture = withWebhook("archive.notify.events", "start,failure")) {
            fixture.telemetry.onStart(false);
            fixture.telemetry.ended(BLOCKED);
        }
        try (TelemetryFixture fixture = TelemetryFixture.with()) {
            fixture.report(BLOCKED);
        }

        assertThat(receiver.requests()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "ftp://example.org/x",
        "example.org/x",
        "http:///x",
        "https://example.org/x#y",
        "'http://exa mple.org/x'",
        "http://[::1/x"
    })
    void anInvalidUrlIsRejectedWithoutShowingIt(String address) {
        SecretUrl url = new SecretUrl(address);

        assertThat(url.isUsable()).isFalse();
        assertThat(url.toString()).doesNotContain("/x");
    }

    @Test
    void anInvalidUrlSettingIsNamedAndNotShown() {
        SecretUrl none = new SecretUrl("hc-ping.com/5bf66975");
        try (ValidatorFactory validators = Validation.buildDefaultValidatorFactory()) {
            Validator validator = validators.getValidator();

            assertThat(validator.validate(new NotifyProperties(
                            Set.of(Event.FAILURE),
                            new NotifyProperties.Webhook(none, new Secret(""), new Secret("")),
                            none,
                            Duration.ofSeconds(20))))
                    .extracting(violation -> violation.getMessage())
                    .containsExactlyInAnyOrder(
                            "archive.notify.webhook.url must be a whole http or https address",
                            "archive.notify.ping-url must be a whole http or https address");
            assertThat(validator.validate(new MetricsProperties(
                            "/var/lib/metrics.txt", none, " ", none, new Secret(""), Duration.ofSeconds(15))))
                    .extracting(violation -> violation.getMessage().split(" ")[0])
                    .containsExactlyInAnyOrder(
                            "archive.metrics.textfile",
                            "archive.metrics.push-url",
                            "archive.metrics.push-job",
                            "archive.metrics.otlp-url");
        }
    }

    @Test
    void userAndPasswordOfAUrlAreSentAsAHeader() {
        SecretUrl url = new SecretUrl("https://me:pa%40ss@example.org:8443/a?b=c");

        assertThat(url.address()).hasToString("https://example.org:8443/a?b=c");
        assertThat(url.address("/start")).hasToString("https://example.org:8443/a/start?b=c");
        assertThat(url.authorizationHeader()).containsExactly(entry("Authorization", "Basic bWU6cGFAc3M="));
        assertThat(url).hasToString("https://example.org:8443/***");
    }
}
