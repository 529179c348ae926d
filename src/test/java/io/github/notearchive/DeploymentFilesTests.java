package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.github.notearchive.cli.config.EffectiveSettings;
import io.github.notearchive.cli.config.SettingsFixture;
import io.kubernetes.client.custom.Quantity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Checks the files that an operator copies: manifests, units, cron scripts. */
class DeploymentFilesTests {

    private static final Path COMPOSE = Path.of("docker-compose.yml");
    private static final Path DEPLOY = Path.of("src", "docs", "deploy");
    private static final Path KUBERNETES = DEPLOY.resolve("kubernetes");
    private static final Path SEVERAL_NODES = DEPLOY.resolve("kubernetes-nodes");
    private static final Path ALERTS = DEPLOY.resolve("kubernetes-alerts");

    /** A version of three numbers at least, or two and the base of the image. */
    private static final Pattern PINNED = Pattern.compile("[a-z/.-]+:v?\\d+\\.\\d+(?:\\.\\d+|-[a-z]+)[a-z0-9_.-]*");

    private static final Pattern VARIABLE = Pattern.compile("\\b(?:ARCHIVE|JUSTONEAPI)_[A-Z][A-Z0-9_]*\\b");

    /** What the documents show as an error. */
    private static final String MISTYPED = "ARCHIVE_CALLS_PER_SECND";

    @TempDir
    Path directory;

    /** The manifests of the table of fields. */
    private static final Map<String, Path> MANIFESTS = Map.of(
            "night", KUBERNETES.resolve("cronjob.yaml"),
            "nodes", SEVERAL_NODES.resolve("cronjob.yaml"),
            "verify", KUBERNETES.resolve("cronjob-verify.yaml"),
            "audits", SEVERAL_NODES.resolve("cronjob-verify.yaml"),
            "settings", KUBERNETES.resolve("settings.yaml"),
            "policy", KUBERNETES.resolve("network-policy.yaml"));

    /** A pod has the default of a call's time to end, and that of a file. */
    private static final int LONGEST_CALL_AND_FILE = 120 + 300;

    static Stream<Path> manifests() throws IOException {
        List<Path> all = new ArrayList<>();
        for (Path directory : List.of(KUBERNETES, SEVERAL_NODES, ALERTS)) {
            namesIn(directory).forEach(name -> all.add(directory.resolve(name)));
        }
        return all.stream();
    }

    private static List<String> namesIn(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals("kustomization.yaml"))
                    .sorted()
                    .toList();
        }
    }

    static Stream<Path> filesWithVariables() throws IOException {
        try (Stream<Path> files = Files.walk(DEPLOY.getParent())) {
            List<Path> all = new ArrayList<>(files.filter(Files::isRegularFile)
                    .filter(file -> !file.toString().endsWith(".png"))
                    .toList());
            Stream.of(".env.example", "docker-compose.yml", "Dockerfile", "README.md")
                    .map(Path::of)
                    .forEach(all::add);
            return all.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("manifests")
    void everyManifestHasOnlyFieldsOfTheKubernetesApi(Path file) throws Exception {
        JsonNode manifest = read(file);
        String kind = manifest.required("kind").asString();
        if (kind.equals("PrometheusRule")) {
            assertThat(manifest.required("spec").propertyNames()).containsExactly("groups");
            return;
        }
        Class.forName("io.kubernetes.client.openapi.models.V1" + kind)
                .getMethod("validateJsonElement", JsonElement.class)
                .invoke(null, JsonParser.parseString(manifest.toString()));
    }

    /** JOB, POD and CONTAINER stand for the pointers of the job, its pod and the pod's container. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            night nodes verify audits | /spec/timeZone                                    | Asia/Shanghai
            night nodes verify audits | /spec/concurrencyPolicy                           | Forbid
            night nodes verify audits | /spec/startingDeadlineSeconds                     | 72000
            night              | JOB/backoffLimit                                  | 12
            night              | JOB/backoffLimitPerIndex                          |
            nodes              | JOB/backoffLimitPerIndex                          | 12
            nodes              | JOB/backoffLimit                                  |
            audits             | JOB/backoffLimitPerIndex                          | 0
            audits             | JOB/backoffLimit                                  |
            audits             | JOB/podFailurePolicy/rules/1/action               | FailIndex
            audits             | JOB/podFailurePolicy/rules/1/onExitCodes/values   | [7]
            nodes audits       | JOB/completionMode                                | Indexed
            nodes audits       | JOB/completions                                   | 3
            nodes audits       | JOB/parallelism                                   | 3
            night nodes        | JOB/activeDeadlineSeconds                         | 82800
            night nodes        | JOB/podFailurePolicy/rules/0/action               | Ignore
            night nodes        | JOB/podFailurePolicy/rules/0/onExitCodes          |
            night              | JOB/podFailurePolicy/rules/1/action               | FailJob
            nodes              | JOB/podFailurePolicy/rules/1/action               | FailIndex
            night nodes        | JOB/podFailurePolicy/rules/1/onExitCodes/operator | NotIn
            night nodes        | JOB/podFailurePolicy/rules/1/onExitCodes/values   | [0,8]
            night nodes        | JOB/podFailurePolicy/rules/2                      |
            night nodes verify audits | POD/restartPolicy                                 | Never
            night nodes verify audits | POD/securityContext/runAsNonRoot                  | true
            night nodes verify audits | CONTAINER/securityContext/readOnlyRootFilesystem  | true
            night nodes verify audits | CONTAINER/securityContext/allowPrivilegeEscalation | false
            night nodes verify audits | CONTAINER/securityContext/capabilities/drop       | ["ALL"]
            night nodes verify audits | CONTAINER/envFrom                                 | [{"configMapRef":{"name":"note-archive"}}]
            night nodes verify audits | CONTAINER/volumeMounts/2/name                     | secrets
            night nodes verify audits | CONTAINER/volumeMounts/2/mountPath                | /run/secrets/note-archive
            night nodes verify audits | CONTAINER/volumeMounts/2/readOnly                 | true
            settings           | /data/SPRING_CONFIG_IMPORT                        | configtree:/run/secrets/note-archive/
            nodes audits       | CONTAINER/env/0/name                              | NODE_INDEX
            nodes audits       | CONTAINER/env/0/valueFrom/fieldRef/fieldPath      | metadata.annotations['batch.kubernetes.io/job-completion-index']
            nodes audits       | CONTAINER/env/1/name                              | ARCHIVE_NODE
            nodes audits       | CONTAINER/env/1/value                             | node-$(NODE_INDEX)
            nodes              | CONTAINER/volumeMounts/0/subPathExpr              | node-$(NODE_INDEX)
            policy             | /spec/egress/3/ports                                | [{"protocol":"TCP","port":9091},{"protocol":"TCP","port":4318},{"protocol":"TCP","port":443}]
            """)
    void aJobIsRestrictedRepeatsOnlyAnOutageAndReadsSecretsFromFiles(
            String manifests, String field, @Nullable String expected) throws IOException {
        String pointer = field.replaceFirst("^CONTAINER", "POD/containers/0")
                .replaceFirst("^POD", "JOB/template/spec")
                .replaceFirst("^JOB", "/spec/jobTemplate/spec");
        for (String manifest : manifests.split(" ")) {
            JsonNode value = read(MANIFESTS.get(manifest)).at(pointer);

            assertThat(value.isMissingNode() ? null : value.isContainer() ? value.toString() : value.asString())
                    .as("%s of %s", field, manifest)
                    .isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"night", "nodes", "verify", "audits"})
    void aJobHasTimeToEndAndABoundOfItsDisk(String manifest) throws IOException {
        JsonNode pod = read(MANIFESTS.get(manifest)).at("/spec/jobTemplate/spec/template/spec");
        JsonNode disk = pod.at("/containers/0/resources/limits/ephemeral-storage");
        long volumes = pod.required("volumes")
                .valueStream()
                .filter(volume -> volume.has("emptyDir"))
                .mapToLong(volume -> bytes(volume.at("/emptyDir/sizeLimit")))
                .sum();

        assertThat(pod.required("terminationGracePeriodSeconds").asInt()).isGreaterThanOrEqualTo(LONGEST_CALL_AND_FILE);
        assertThat(pod.at("/containers/0/resources/requests").has("ephemeral-storage"))
                .isTrue();
        assertThat(bytes(disk)).as("the volumes and the log").isGreaterThan(volumes);
    }

    private static long bytes(JsonNode quantity) {
        return Quantity.fromString(quantity.asString()).getNumber().longValueExact();
    }

    private static List<String> texts(JsonNode array) {
        return array.valueStream().map(JsonNode::asString).toList();
    }

    @Test
    void theAlertsOfTheOperatorAreThoseOfPrometheus() throws IOException {
        assertThat(read(ALERTS.resolve("prometheus-rule.yaml")).at("/spec/groups"))
                .isEqualTo(read(Path.of("config", "prometheus", "alerts.yml")).required("groups"));
    }

    @Test
    void servicesOfComposeArePinnedAndRestrictedAndReadSecretsFromFiles() throws IOException {
        JsonNode compose = read(COMPOSE);
        JsonNode services = compose.required("services");
        Set<String> secrets = Set.of("JUSTONEAPI_TOKEN", "ARCHIVE_DATABASE_PASSWORD");

        assertThat(services.propertyNames()).containsExactly("postgres", "garage", "archiver");
        for (JsonNode service : services) {
            assertThat(service.path("read_only").asBoolean()).isTrue();
            assertThat(service.path("cap_drop")).hasToString("[\"ALL\"]");
            assertThat(service.path("security_opt")).hasToString("[\"no-new-privileges:true\"]");
            assertThat(service.propertyNames())
                    .contains("mem_limit", "pids_limit")
                    .doesNotContain("cap_add");
            if (!service.has("build")) {
                assertThat(service.path("image").asString()).matches(PINNED);
            }
            assertThat(texts(service.path("ports"))).allMatch(port -> port.startsWith("127.0.0.1:"));
        }
        assertThat(compose.required("secrets").propertyNames()).containsExactlyInAnyOrderElementsOf(secrets);
        assertThat(services.at("/archiver/environment").propertyNames())
                .contains("SPRING_CONFIG_IMPORT")
                .doesNotContainAnyElementsOf(secrets);
        assertThat(services.at("/postgres/environment").propertyNames())
                .contains("POSTGRES_PASSWORD_FILE")
                .doesNotContain("POSTGRES_PASSWORD");
    }

    @Test
    void theImagesOfTheDockerfileArePinned() throws IOException {
        List<String> images = Files.readAllLines(Path.of("Dockerfile")).stream()
                .filter(line -> line.startsWith("FROM "))
                .map(line -> line.split(" ", 3)[1])
                .toList();

        assertThat(images).hasSize(2).allMatch(image -> PINNED.matcher(image).matches());
    }

    /** An audit needs no token, and is repeated by its timer only. */
    @ParameterizedTest
    @CsvSource({
        "note-archive.service, 3 6 7 143, true",
        "note-archive@.service, 3 6 7 143, true",
        "note-archive-verify.service, 7 143, false"
    })
    void unitsReadCredentialsRepeatOnlyAnOutageAndReportOnlyFailures(String unit, String harmless, boolean isRun)
            throws IOException {
        List<String> lines = Files.readAllLines(DEPLOY.resolve("systemd").resolve(unit));

        assertThat(lines)
                .contains("Environment=SPRING_CONFIG_IMPORT=optional:configtree:%d/")
                .contains("SuccessExitStatus=" + harmless, "Restart=no", "KillMode=mixed")
                .contains("OnFailure=note-archive-failed@%N.service");
        assertThat(lines)
                .filteredOn(line -> line.matches("#?LoadCredential=.*"))
                .hasSizeGreaterThanOrEqualTo(3)
                .allMatch(line -> line.matches("#?LoadCredential=([^:]+):.*/\\1"))
                .filteredOn(line -> line.startsWith("LoadCredential=JUSTONEAPI_TOKEN:"))
                .hasSize(isRun ? 1 : 0);
        if (isRun) {
            assertThat(lines)
                    .contains("Type=exec", "RestartForceExitStatus=8", "RestartSec=15min", "RestartMode=direct")
                    .contains("StartLimitIntervalSec=8h", "StartLimitBurst=13");
        }
    }

    @Test
    void cronRepeatsAnOutageUntilItIsOver() throws Exception {
        Path attempts = directory.resolve("attempts");
        Path program = script("""
                        echo attempt >>%s
                        [ "$(wc -l <%s)" -ge 3 ] || exit 8
                        """.formatted(attempts, attempts));

        Said said = start(cron(program), "cron/note-archive-cron", "run");

        assertThat(said).isEqualTo(new Said(0, ""));
        assertThat(Files.readAllLines(attempts)).hasSize(3);
    }

    @ParameterizedTest
    @MethodSource("filesWithVariables")
    void everyVariableThatAFileNamesSetsSomething(Path file) throws IOException {
        Map<String, String> variables = VARIABLE.matcher(Files.readString(file))
                .results()
                .map(MatchResult::group)
                .filter(name -> !name.endsWith("_") && !name.equals(MISTYPED))
                .distinct()
                .collect(Collectors.toMap(name -> name, _ -> "1"));

        assertThat(new EffectiveSettings(SettingsFixture.with(variables)).unknown())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "run, false, 0 3 6 7 143",
        "run, true, 1 2 4 5 8 137",
        "verify, false, 0 7",
        "verify, true, 1 3 5 6 8",
    })
    void cronMailsOnlyFailuresThatNeedAnOperator(String command, boolean mailed, String codes) throws Exception {
        for (String code : codes.split(" ")) {
            Path program = script("""
                            [ "$1" = exit-code ] && { echo "page of $2"; exit 0; }
                            echo "did $*"
                            echo error >&2
                            exit %s
                            """.formatted(code));

            Said said = start(cron(program), "cron/note-archive-cron", command, "--limit", "5");

            assertThat(Files.readString(directory.resolve("night.log")))
                    .contains("did " + command + " --limit 5", "error", "exit code " + code);
            assertThat(said.exitCode()).isEqualTo(mailed ? Integer.parseInt(code) : 0);
            if (mailed) {
                assertThat(said.text()).contains("exit code " + code, "page of " + code, "error");
            } else {
                assertThat(said.text()).isEmpty();
            }
        }
    }

    private Map<String, String> cron(Path program) {
        String log = directory.resolve("night.log").toString();
        return Map.of("NOTE_ARCHIVE", program.toString(), "LOG", log, "REPEAT_AFTER", "0");
    }

    @ParameterizedTest
    @CsvSource({"4, 4", "KILL, 137"})
    void aUnitThatFailsIsMailedWithTheMeaningOfItsCodeAndItsJournal(String status, String page) throws Exception {
        Path program = script("echo \"page of $2\"\n");
        command("sendmail", "echo \"sendmail $*\"; cat\n");
        command("journalctl", "echo \"journal $*\"\n");
        command("hostname", "echo night\n");

        Map<String, String> variables = new HashMap<>();
        variables.put("NOTE_ARCHIVE", program.toString());
        variables.put("PATH", directory + ":" + System.getenv("PATH"));
        variables.put("MAILTO", "ops@example.org");
        variables.put("MONITOR_EXIT_STATUS", status);
        variables.put("MONITOR_SERVICE_RESULT", "exit-code");

        Said said = start(variables, "systemd/note-archive-failed", "note-archive");

        assertThat(said.text())
                .contains("sendmail -i -t")
                .contains("Subject: [night] note-archive failed, exit code " + status)
                .contains("To: ops@example.org")
                .contains("page of " + page)
                .contains("--unit=note-archive.service");
    }

    private record Said(int exitCode, String text) {}

    private Said start(Map<String, String> variables, String script, String... arguments)
            throws IOException, InterruptedException {
        Path output = directory.resolve("said.txt");
        List<String> command = Stream.concat(
                        Stream.of("sh", DEPLOY.resolve(script).toString()), Arrays.stream(arguments))
                .toList();
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().putAll(variables);
        int exitCode = builder.start().waitFor();
        return new Said(exitCode, Files.readString(output));
    }

    private Path script(String text) throws IOException {
        return command("program", text);
    }

    private Path command(String name, String text) throws IOException {
        Path file = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }

    private static JsonNode read(Path file) throws IOException {
        Object document = new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
        return JsonMapper.shared().valueToTree(document);
    }
}
