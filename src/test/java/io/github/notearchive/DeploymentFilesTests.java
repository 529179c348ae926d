package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.notearchive.cli.config.UnknownSettings;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1CronJob;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ClassPathResource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Checks the files that an operator copies: manifests, units, cron scripts. */
class DeploymentFilesTests {

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

    static Stream<Path> manifests() throws IOException {
        return Stream.of(KUBERNETES, SEVERAL_NODES, ALERTS).flatMap(directory -> {
            try {
                return manifestsIn(directory);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static Stream<Path> manifestsIn(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> !file.endsWith("kustomization.yaml")).sorted().toList().stream();
        }
    }

    static Stream<Path> filesWithVariables() throws IOException {
        try (Stream<Path> files = Files.walk(DEPLOY.getParent())) {
            return Stream.concat(
                    files.filter(Files::isRegularFile)
                            .filter(file -> !file.toString().endsWith(".png")),
                    Stream.of(
                            Path.of(".env.example"),
                            Path.of("docker-compose.yml"),
                            Path.of("Dockerfile"),
                            Path.of("README.md")))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("manifests")
    void everyManifestHasOnlyFieldsOfTheKubernetesApi(Path file) throws Exception {
        validate(read(file));
    }

    @Test
    void theKustomizationNamesEveryManifestButTheExampleOfASecret() throws IOException {
        assertThat(resourcesOf(KUBERNETES))
                .containsExactlyInAnyOrderElementsOf(namesIn(KUBERNETES)
                        .filter(name -> !name.startsWith("secret"))
                        .toList());
    }

    @Test
    void severalNodesTakeThePlaceOfTheOne() throws IOException {
        assertThat(resourcesOf(SEVERAL_NODES))
                .containsExactlyInAnyOrderElementsOf(Stream.concat(Stream.of("../kubernetes"), namesIn(SEVERAL_NODES))
                        .toList());
        assertThat(read(SEVERAL_NODES.resolve("kustomization.yaml"))
                        .getAsJsonArray("patches")
                        .get(0)
                        .getAsJsonObject()
                        .get("patch")
                        .getAsString())
                .contains("$patch: delete", "kind: CronJob", "name: note-archive\n");
    }

    private static List<String> resourcesOf(Path directory) throws IOException {
        return read(directory.resolve("kustomization.yaml")).getAsJsonArray("resources").asList().stream()
                .map(JsonElement::getAsString)
                .toList();
    }

    private static Stream<String> namesIn(Path directory) throws IOException {
        return manifestsIn(directory).map(file -> file.getFileName().toString());
    }

    @Test
    void severalNodesAreOfAnIndexedJobWithConstantNamesAndOneDoesNotEndTheOthers() throws IOException {
        var job = V1CronJob.fromJson(read(SEVERAL_NODES.resolve("cronjob.yaml")).toString());
        var night = job.getSpec().getJobTemplate().getSpec();
        var container = night.getTemplate().getSpec().getContainers().getFirst();

        assertThat(night.getCompletionMode()).isEqualTo("Indexed");
        assertThat(night.getCompletions()).isEqualTo(night.getParallelism()).isGreaterThan(1);
        assertThat(night.getBackoffLimit())
                .as("the failures of all nodes together")
                .isNull();
        assertThat(night.getPodFailurePolicy().getRules())
                .extracting(rule -> String.valueOf(rule.getAction()))
                .containsExactly("Ignore", "FailIndex");
        assertThat(container.getEnv())
                .anySatisfy(variable -> {
                    assertThat(variable.getName()).isEqualTo("ARCHIVE_NODE");
                    assertThat(variable.getValue()).isEqualTo("node-$(NODE_INDEX)");
                })
                .first()
                .satisfies(index -> {
                    assertThat(index.getName()).isEqualTo("NODE_INDEX");
                    assertThat(index.getValueFrom().getFieldRef().getFieldPath())
                            .contains("job-completion-index");
                });
        assertThat(container.getVolumeMounts().getFirst().getSubPathExpr()).isEqualTo("node-$(NODE_INDEX)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"kubernetes", "kubernetes-nodes"})
    void aNightInKubernetesIsRestrictedAndRepeatsOnlyAnOutageAndHasTimeToEnd(String way) throws IOException {
        Path manifest = DEPLOY.resolve(way).resolve("cronjob.yaml");
        var job = V1CronJob.fromJson(read(manifest).toString()).getSpec();
        var night = job.getJobTemplate().getSpec();
        var pod = night.getTemplate().getSpec();
        var container = pod.getContainers().getFirst();

        assertThat(job.getTimeZone()).isEqualTo("Asia/Shanghai");
        assertThat(job.getConcurrencyPolicy()).hasToString("Forbid");
        assertThat(Arrays.asList(night.getBackoffLimit(), night.getBackoffLimitPerIndex()))
                .as("repeats, as systemd and cron have them")
                .containsExactlyInAnyOrder(12, null);
        // Kubernetes refuses a policy of failures with any other
        assertThat(pod.getRestartPolicy()).hasToString("Never");
        assertThat(pod.getTerminationGracePeriodSeconds()).isGreaterThanOrEqualTo(longestCallAndFiles());
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(night.getPodFailurePolicy().getRules())
                .as("an ignored exit code would not count towards the limit of repeats")
                .filteredOn(rule -> rule.getOnExitCodes() != null)
                .singleElement()
                .satisfies(rule -> {
                    assertThat(rule.getAction()).startsWith("Fail");
                    assertThat(rule.getOnExitCodes().getOperator()).hasToString("NotIn");
                    assertThat(rule.getOnExitCodes().getValues()).containsExactly(0, 8);
                });
        assertThat(night.getActiveDeadlineSeconds())
                .isLessThan(Duration.ofDays(1).toSeconds());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"kubernetes/cronjob.yaml", "kubernetes/cronjob-verify.yaml", "kubernetes-nodes/cronjob.yaml"})
    void aJobIsStartedLateRatherThanNeverHasABoundOfItsDiskAndItsSecretsAsFiles(String manifest) throws IOException {
        var job = V1CronJob.fromJson(read(DEPLOY.resolve(manifest)).toString()).getSpec();
        var pod = job.getJobTemplate().getSpec().getTemplate().getSpec();
        var container = pod.getContainers().getFirst();

        assertThat(Duration.ofSeconds(job.getStartingDeadlineSeconds())).hasHours(20);
        assertThat(container.getResources().getRequests()).containsKey("ephemeral-storage");
        long bounds = pod.getVolumes().stream()
                .filter(volume -> volume.getEmptyDir() != null)
                .mapToLong(volume -> bytes(volume.getEmptyDir().getSizeLimit()))
                .sum();
        assertThat(bytes(container.getResources().getLimits().get("ephemeral-storage")))
                .as("the volumes and the log")
                .isGreaterThan(bounds);
        assertThat(container.getEnvFrom()).noneMatch(source -> source.getSecretRef() != null);
        assertThat(container.getVolumeMounts()).anySatisfy(mount -> {
            assertThat(mount.getName()).isEqualTo("secrets");
            assertThat(mount.getReadOnly()).isTrue();
            assertThat(read(KUBERNETES.resolve("settings.yaml"))
                            .getAsJsonObject("data")
                            .get("SPRING_CONFIG_IMPORT")
                            .getAsString())
                    .isEqualTo("configtree:" + mount.getMountPath() + "/");
        });
    }

    private static long bytes(Quantity quantity) {
        return quantity.getNumber().longValueExact();
    }

    @Test
    void theNetworkPolicyLetsMetricsAndMessagesOut() throws IOException {
        var policy = V1NetworkPolicy.fromJson(
                read(KUBERNETES.resolve("network-policy.yaml")).toString());

        assertThat(policy.getSpec().getEgress())
                .anySatisfy(rule -> assertThat(rule.getPorts())
                        .as("Pushgateway, OTLP over HTTP, webhook")
                        .extracting(port -> port.getPort().getIntValue())
                        .contains(9091, 4318, 443));
    }

    @Test
    void theAlertsOfTheOperatorAreThoseOfPrometheus() throws IOException {
        assertThat(read(ALERTS.resolve("prometheus-rule.yaml"))
                        .getAsJsonObject("spec")
                        .get("groups"))
                .isEqualTo(read(Path.of("config", "prometheus", "alerts.yml")).get("groups"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgres", "garage", "archiver"})
    void aServiceOfComposeIsPinnedAndHasNoRightThatItDoesNotNeed(String name) throws IOException {
        JsonObject service =
                read(Path.of("docker-compose.yml")).getAsJsonObject("services").getAsJsonObject(name);

        assertThat(service.get("read_only").getAsBoolean()).isTrue();
        assertThat(service.get("cap_drop")).hasToString("[\"ALL\"]");
        assertThat(service.get("cap_add")).isNull();
        assertThat(service.get("security_opt")).hasToString("[\"no-new-privileges:true\"]");
        assertThat(service.has("mem_limit")).isTrue();
        assertThat(service.has("pids_limit")).isTrue();
        if (!service.has("build")) {
            assertThat(service.get("image").getAsString()).matches(PINNED);
        }
        if (service.has("ports")) {
            assertThat(service.getAsJsonArray("ports").asList())
                    .allMatch(port -> port.getAsString().startsWith("127.0.0.1:"));
        }
    }

    @Test
    void composeHasTheseServicesAndNoSecretInTheEnvironmentThatCanBeAFile() throws IOException {
        JsonObject compose = read(Path.of("docker-compose.yml"));
        JsonObject services = compose.getAsJsonObject("services");

        assertThat(services.keySet()).containsExactly("postgres", "garage", "archiver");
        assertThat(compose.getAsJsonObject("secrets").keySet())
                .containsExactly("JUSTONEAPI_TOKEN", "ARCHIVE_DATABASE_PASSWORD");
        for (String secret : compose.getAsJsonObject("secrets").keySet()) {
            assertThat(services.getAsJsonObject("archiver")
                            .getAsJsonObject("environment")
                            .keySet())
                    .doesNotContain(secret)
                    .contains("SPRING_CONFIG_IMPORT");
        }
        assertThat(services.getAsJsonObject("postgres")
                        .getAsJsonObject("environment")
                        .keySet())
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

    @ParameterizedTest
    @ValueSource(strings = {"note-archive.service", "note-archive@.service", "note-archive-verify.service"})
    void unitsReadSecretsFromTheirCredentials(String unit) throws IOException {
        List<String> lines = Files.readAllLines(DEPLOY.resolve("systemd").resolve(unit));

        assertThat(lines).contains("Environment=SPRING_CONFIG_IMPORT=optional:configtree:%d/");
        assertThat(lines)
                .filteredOn(line -> line.matches("#?LoadCredential=.*"))
                .hasSizeGreaterThanOrEqualTo(3)
                .allSatisfy(line -> {
                    String name = line.replaceFirst("^#?LoadCredential=([^:]+):.*", "$1");
                    assertThat(line).endsWith("/" + name);
                });
        boolean asks = !unit.contains("verify");
        assertThat(lines.stream().anyMatch(line -> line.startsWith("LoadCredential=JUSTONEAPI_TOKEN:")))
                .as("an audit needs no token")
                .isEqualTo(asks);
    }

    /** The default of a call's time, and that of a file. */
    private static long longestCallAndFiles() {
        return 120 + 300;
    }

    @ParameterizedTest
    @CsvSource({
        "note-archive.service, 3 6 7 143",
        "note-archive@.service, 3 6 7 143",
        "note-archive-verify.service, 7 143"
    })
    void unitsRepeatOnlyAnOutageAndReportOnlyFailures(String unit, String harmless) throws IOException {
        List<String> lines = Files.readAllLines(DEPLOY.resolve("systemd").resolve(unit));

        assertThat(lines)
                .contains("SuccessExitStatus=" + harmless, "Restart=no", "KillMode=mixed")
                .contains("OnFailure=note-archive-failed@%N.service");
        if (!unit.contains("verify")) {
            assertThat(lines)
                    .contains("Type=exec", "RestartForceExitStatus=8", "RestartSec=15min", "RestartMode=direct")
                    .contains("StartLimitIntervalSec=8h", "StartLimitBurst=13");
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
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
        Set<String> variables = new TreeSet<>();
        Matcher matcher = VARIABLE.matcher(Files.readString(file));
        while (matcher.find()) {
            if (!matcher.group().endsWith("_") && !matcher.group().equals(MISTYPED)) {
                variables.add(matcher.group());
            }
        }

        assertThat(UnknownSettings.in(environment(variables))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "run, false, 0 3 6 7 143",
        "run, true, 1 2 4 5 8 137",
        "verify, false, 0 7",
        "verify, true, 1 3 5 6 8",
    })
    @DisabledOnOs(OS.WINDOWS)
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
    @DisabledOnOs(OS.WINDOWS)
    void aUnitThatFailsIsMailedWithTheMeaningOfItsCodeAndItsJournal(String status, String page) throws Exception {
        Path program = script("echo \"page of $2\"\n");
        command("sendmail", "echo \"sendmail $*\"; cat\n");
        command("journalctl", "echo \"journal $*\"\n");
        command("hostname", "echo night\n");

        Said said = start(
                Map.of(
                        "NOTE_ARCHIVE",
                        program.toString(),
                        "PATH",
                        directory + ":" + System.getenv("PATH"),
                        "MAILTO",
                        "ops@example.org",
                        "MONITOR_EXIT_STATUS",
                        status,
                        "MONITOR_SERVICE_RESULT",
                        "exit-code"),
                "systemd/note-archive-failed",
                "note-archive");

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

    private static StandardEnvironment environment(Set<String> variables) throws IOException {
        Map<String, Object> values = variables.stream().collect(Collectors.toMap(name -> name, _ -> "1"));
        StandardEnvironment environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .replace("systemEnvironment", new SystemEnvironmentPropertySource("systemEnvironment", values));
        environment.getPropertySources().remove("systemProperties");
        new YamlPropertySourceLoader()
                .load("application.yml", new ClassPathResource("config/application.yml"))
                .forEach(environment.getPropertySources()::addLast);
        return environment;
    }

    /** Rejects fields that the Kubernetes API does not have. */
    private static void validate(JsonObject manifest) throws Exception {
        String kind = manifest.get("kind").getAsString();
        if (kind.equals("PrometheusRule")) {
            assertThat(manifest.getAsJsonObject("spec").keySet()).containsExactly("groups");
            return;
        }
        Class<?> model = Class.forName("io.kubernetes.client.openapi.models.V1" + kind);
        try {
            model.getMethod("validateJsonElement", JsonElement.class).invoke(null, manifest);
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(e.getCause());
        }
    }

    private static JsonObject read(Path file) throws IOException {
        Object document = new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
        return new Gson().toJsonTree(document).getAsJsonObject();
    }
}
