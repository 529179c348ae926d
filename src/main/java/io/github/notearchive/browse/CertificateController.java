package io.github.notearchive.browse;

import io.github.notearchive.archive.query.NoteView;
import io.github.notearchive.archive.query.NoteView.NoteContent;
import io.github.notearchive.archive.query.NoteView.NoteFile;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.prove.CaptureLog;
import io.github.notearchive.prove.CaptureLog.DamagedLogException;
import io.github.notearchive.prove.CaptureLog.Proof;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Page to print that says what the archive has of a note, since when, and how to check that. */
@RestController
final class CertificateController {

    private final NoteView notes;
    private final CaptureLog log;
    private final PageRenderer pages;
    private final MissingPage missing;

    CertificateController(NoteView notes, CaptureLog log, PageRenderer pages, MissingPage missing) {
        this.notes = notes;
        this.log = log;
        this.pages = pages;
        this.missing = missing;
    }

    /**
     * Model of the template.
     *
     * @param proofs newest first
     * @param verifier public key of the log
     * @param damage why the log proves nothing; null if it does
     */
    record Certificate(
            NoteContent note,
            List<NoteFile> files,
            List<Proof> proofs,
            String verifier,
            @Nullable String damage) {

        List<NoteFile> pictures() {
            return files.stream()
                    .filter(file -> file.isStored() && file.kind() == MediaKind.IMAGE)
                    .toList();
        }

        /** Returns the commands that write the newest proof and check it. */
        List<String> commands() {
            Proof newest = proofs.getFirst();
            String proof = "proofs/%s-%d.tlog-proof".formatted(note.id(), newest.position());
            List<String> commands = new ArrayList<>();
            commands.add("note-archive prove %s --to proofs".formatted(note.id()));
            commands.add("verify-proof %s \"%s\" 01.jpg".formatted(proof, verifier));
            if (newest.stamp() != null) {
                commands.add("sed '1,/^$/d' %s > checkpoint".formatted(proof));
                commands.add("openssl ts -verify -data checkpoint -in %s.tsr -CAfile authority.pem".formatted(proof));
            }
            return commands;
        }
    }

    @GetMapping("/notes/{id}/certificate")
    ResponseEntity<String> certificate(HttpServletRequest request, @PathVariable String id) {
        return NoteId.parse(id)
                .flatMap(notes::find)
                .map(note -> pages.page(request, "browse/certificate", Map.of("page", certificate(note))))
                .orElseGet(() -> missing.note(request, id));
    }

    private Certificate certificate(NoteContent note) {
        List<NoteFile> files = notes.files(note.id());
        try {
            List<Proof> proofs = log.prove(note.id()).reversed();
            return new Certificate(note, files, proofs, log.verifier().orElse(""), null);
        } catch (DamagedLogException e) {
            return new Certificate(note, files, List.of(), "", e.getMessage());
        }
    }
}
