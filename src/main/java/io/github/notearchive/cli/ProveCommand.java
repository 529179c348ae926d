package io.github.notearchive.cli;

import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.prove.CaptureLog;
import io.github.notearchive.prove.CaptureLog.DamagedLogException;
import io.github.notearchive.prove.CaptureLog.Proof;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code prove}: writes the proofs that captures of a note are in the log. */
@Command(name = "prove")
final class ProveCommand extends JsonCommand {

    @Parameters(paramLabel = "NOTE_ID")
    private String note = "";

    @Option(names = "--to", paramLabel = "DIR")
    private Path directory = Path.of("");

    record WrittenProof(long position, Instant capturedAt, String file, boolean stamped) {}

    record Proven(NoteId note, String verifier, List<WrittenProof> proofs, int omitted) {}

    @Override
    public Integer call() throws Exception {
        NoteId id = noteId(note);
        refuseIf(
                Files.exists(directory) && !Files.isDirectory(directory.toAbsolutePath()),
                "--to " + directory + " is not a directory");
        return execute(context -> {
            requireNotErased(context.get(ErasureList.class), id);
            CaptureLog log = context.get(CaptureLog.class);
            List<WrittenProof> written = new ArrayList<>();
            try {
                for (Proof proof : log.prove(id)) {
                    written.add(write(id, proof));
                }
            } catch (DamagedLogException e) {
                throw new CommandFailure(ExitCode.FINDINGS, e.getMessage() + "; see: note-archive verify");
            }
            int omitted = log.entriesOf(id) - written.size();
            if (written.isEmpty()) {
                throw CommandFailure.usage(
                        omitted == 0
                                ? "the log has no entry of note " + id
                                        + "; the next run appends what was captured since the last one"
                                : ("the log has %d entries of note %s, but no sidecar has the record of one; see: "
                                                + "note-archive verify")
                                        .formatted(omitted, id));
            }
            print(new Proven(id, log.verifier().orElse(""), written, omitted), "prove");
            return ExitCode.COMPLETED;
        });
    }

    private WrittenProof write(NoteId id, Proof proof) throws IOException {
        Files.createDirectories(directory.toAbsolutePath());
        Path file = directory.resolve(id + "-" + proof.position() + ".tlog-proof");
        AtomicFile.write(file, proof.text().getBytes(StandardCharsets.UTF_8));
        if (proof.stamp() != null) {
            AtomicFile.write(Path.of(file + ".tsr"), proof.stamp());
        }
        return new WrittenProof(proof.position(), proof.capturedAt(), file.toString(), proof.stamp() != null);
    }
}
