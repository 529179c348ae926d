package io.github.notearchive.io.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.github.notearchive.media.format.Samples;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The external program converts pictures without access to this machine. */
class HeifCommandTests {

    private static final int WIDTH = 320;

    @TempDir
    Path directory;

    @Test
    void heifDecConvertsHeicAndAvif() throws IOException {
        HeifCommand command = new HeifCommand("heif-dec -q 90 {input} {output}");

        for (String name : List.of("picture.heic", "tiles.heic", "picture.avif")) {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(command.jpeg(Samples.bytes(name), WIDTH)));

            assertThat(List.of(image.getWidth(), image.getHeight())).as(name).containsExactly(48, 32);
        }
    }

    @Test
    void pngIsAcceptedUnderAnyName() throws IOException {
        byte[] jpeg = script("cp \"$1\" \"$2\"").jpeg(Samples.bytes("rgb.png"), WIDTH);

        assertThat(ImageIO.read(new ByteArrayInputStream(jpeg)).getWidth()).isEqualTo(48);
    }

    @Test
    void theFirstOfSeveralPicturesIsUsed() throws IOException {
        HeifCommand command = script("cp \"$1\" output-1.jpg; echo no picture > output-2.jpg");

        assertThat(command.jpeg(Samples.bytes("baseline.jpg"), WIDTH)).isNotEmpty();
    }

    @Test
    void theProgramReceivesInputAndSize() {
        assertThatIOException()
                .isThrownBy(
                        () -> script("echo \"$(cat \"$1\") $3\" >&2; exit 3").jpeg("picture".getBytes(), WIDTH))
                .withMessage("the command ended with 3: picture 640");
    }

    @Test
    void theProgramHasLimitsOfMemoryTimeFilesAndSize() {
        assertThatIOException()
                .isThrownBy(() -> script("echo \"$(ulimit -v) $(ulimit -t) $(ulimit -n) $(ulimit -c)\" >&2; exit 1")
                        .jpeg(new byte[1], WIDTH))
                .withMessage("the command ended with 1: 1048576 10 64 0");
    }

    @Test
    void theProgramHasNoNetworkAndNoVariablesOfThisProcess() throws IOException {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String connect =
                    "bash -c 'exec 3<>/dev/tcp/127.0.0.1/%d' && echo connected >&2; ".formatted(server.getLocalPort());

            assertThatIOException()
                    .isThrownBy(() -> script(
                                    "exec 2>log; " + connect
                                            + "exec 2>errors; env | grep -v ^_ | cut -d= -f1 | sort | xargs >&2; grep -o connected log >&2; exit 1")
                            .jpeg(new byte[1], WIDTH))
                    .withMessage("the command ended with 1: HOME PATH PWD TMPDIR");
        }
    }

    @Test
    void theProgramReadsNoFilesOfThisMachineAndWritesToItsDirectoryOnly() throws IOException {
        Path secret = Files.writeString(directory.resolve("secret"), "secret");

        for (String script : List.of(
                "cat %s".formatted(secret),
                "cat /etc/passwd",
                "ls /home /root /var /proc",
                "echo x > %s".formatted(directory.resolve("new")),
                "echo x > /new",
                "echo x > /tmp/new",
                "echo x > /dev/shm/new",
                "echo x > /usr/new")) {
            assertThatIOException()
                    .as(script)
                    .isThrownBy(() -> script(script + " && cp \"$1\" \"$2\"").jpeg(Samples.bytes("rgb.png"), WIDTH))
                    .withMessageMatching("(?s)the command ended with .*(No such file|nonexistent|Read-only).*");
        }
        assertThat(directory).isDirectoryContaining(file -> file.equals(secret));
    }

    @Test
    void withoutIsolationTheCommandIsRefusedAndTheRemedyNamed() {
        Path run = directory.resolve("run");
        HeifCommand command = new HeifCommand(
                List.of("touch", run.toString()), List.of("sh", "-c", "echo bwrap: not permitted >&2; exit 1"), 20);

        assertThat(command.isUsable()).isFalse();
        assertThat(command.refusal())
                .hasValueSatisfying(refusal -> assertThat(refusal)
                        .contains(
                                "archive.browse.heif-command",
                                "bubblewrap",
                                "user namespaces",
                                "bwrap: not permitted"));
        assertThatIOException().isThrownBy(() -> command.jpeg(new byte[1], WIDTH));
        assertThat(run).doesNotExist();
        assertThat(new HeifCommand("").refusal()).isEmpty();
    }

    @Test
    void aProgramThatDoesNotEndIsKilledWithItsChildren() throws Exception {
        String mark = "archive-" + UUID.randomUUID();
        HeifCommand command = new HeifCommand(
                List.of(
                        "sh",
                        "-c",
                        "mkfifo fifo; sh -c 'while :; do read -r line <fifo; done' %s & wait".formatted(mark)),
                HeifCommand.ISOLATION,
                1);

        assertThatIOException()
                .isThrownBy(() -> command.jpeg(new byte[1], WIDTH))
                .withMessage("the command did not end within 1 s");

        for (ProcessHandle process : processesWith(mark)) {
            process.onExit().get(10, TimeUnit.SECONDS);
        }
        assertThat(processesWith(mark)).isEmpty();
    }

    @Test
    void nothingIsLeftOnTheDisk() throws IOException {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));

        assertThatIOException()
                .isThrownBy(() -> script("pwd >&2; exit 1").jpeg(new byte[1], WIDTH))
                .satisfies(e -> assertThat(Path.of(e.getMessage().replaceFirst(".*: ", "")))
                        .hasParentRaw(temporary)
                        .doesNotExist());
    }

    @Test
    void outputThatIsNoPictureIsRefused() {
        for (String script : List.of("true", ": > \"$2\"", "echo hello > \"$2\"", "ln -s /etc/passwd \"$2\"")) {
            assertThatIOException().as(script).isThrownBy(() -> script(script).jpeg(new byte[1], WIDTH));
        }
    }

    private static HeifCommand script(String script) {
        return new HeifCommand(
                List.of("sh", "-c", script, "sh", "{input}", "{output}", "{size}"), HeifCommand.ISOLATION, 20);
    }

    private static List<ProcessHandle> processesWith(String mark) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().arguments().stream()
                        .flatMap(Stream::of)
                        .anyMatch(argument -> argument.equals(mark)))
                .toList();
    }
}
