package io.github.notearchive.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.github.notearchive.media.format.Samples;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The external program converts pictures without access to this machine. */
class HeifCommandTests {

    private static final int WIDTH = 320;

    @RegisterExtension
    final RecordedLog log = new RecordedLog(HeifCommand.class);

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
        Path png = Path.of("src/test/resources/media/rgb.png").toAbsolutePath();

        byte[] jpeg = script("cp %s \"$2\"".formatted(png)).jpeg(new byte[1], WIDTH);

        assertThat(ImageIO.read(new ByteArrayInputStream(jpeg)).getWidth()).isEqualTo(48);
    }

    @Test
    void theFirstOfSeveralPicturesIsUsed() throws IOException {
        Path jpeg = Path.of("src/test/resources/media/baseline.jpg").toAbsolutePath();

        HeifCommand command = script("cp %s output-1.jpg; echo no picture > output-2.jpg".formatted(jpeg));

        assertThat(command.jpeg(new byte[1], WIDTH)).isNotEmpty();
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
                .withMessage("the command ended with 1: 1048576 20 64 0");
    }

    @Test
    void theProgramHasNoNetworkAndNoVariablesOfThisProcess() {
        assertThatIOException()
                .isThrownBy(
                        () -> script("grep -c : /proc/net/dev >&2; env | grep -v ^_ | cut -d= -f1 | sort >&2; exit 1")
                                .jpeg(new byte[1], WIDTH))
                .withMessage("the command ended with 1: 1 HOME PATH PWD TMPDIR");
    }

    @Test
    void withoutIsolationTheCommandIsNotUsedAndOneWarningNamesTheRemedy() throws IOException {
        Path run = directory.resolve("run");
        String script = "sh " + file("touch " + run) + " {input} {output}";
        HeifCommand command =
                new HeifCommand(script, List.of("sh", "-c", "echo unshare: not permitted >&2; exit 1"), 20);

        assertThat(command.isUsable()).isFalse();
        assertThatIOException().isThrownBy(() -> command.jpeg(new byte[1], WIDTH));

        assertThat(run).doesNotExist();
        assertThat(log.messages())
                .singleElement()
                .asString()
                .contains(
                        "archive.browse.heif-command is not isolated and not used",
                        "user namespaces",
                        "unshare: not permitted");
    }

    @Test
    void aProgramThatDoesNotEndIsKilledWithItsChildren() throws Exception {
        String mark = "archive-" + UUID.randomUUID();
        HeifCommand command = new HeifCommand(
                "sh " + file("sh -c 'while :; do read -r line <fifo; done' %s & mkfifo fifo; wait".formatted(mark))
                        + " {input} {output}",
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
        HeifCommand command = script("pwd > %s; exit 1".formatted(directory.resolve("where")));

        assertThatIOException().isThrownBy(() -> command.jpeg(new byte[1], WIDTH));

        Path used = Path.of(Files.readString(directory.resolve("where")).strip());
        assertThat(used).hasParentRaw(temporary).doesNotExist();
    }

    @Test
    void outputThatIsNoPictureIsRefused() {
        for (String script : List.of("true", ": > \"$2\"", "echo hello > \"$2\"", "ln -s /etc/passwd \"$2\"")) {
            assertThatIOException().as(script).isThrownBy(() -> script(script).jpeg(new byte[1], WIDTH));
        }
    }

    private HeifCommand script(String script) throws IOException {
        return new HeifCommand("sh " + file(script) + " {input} {output} {size}");
    }

    private Path file(String script) throws IOException {
        return Files.writeString(directory.resolve("convert.sh"), script + "\n");
    }

    private static List<ProcessHandle> processesWith(String mark) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().arguments().stream()
                        .flatMap(Stream::of)
                        .anyMatch(argument -> argument.equals(mark)))
                .toList();
    }
}
