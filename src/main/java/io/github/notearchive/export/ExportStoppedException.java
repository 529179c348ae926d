package io.github.notearchive.export;

/** An export that was asked to end before it was whole. Nothing is left of it. */
public final class ExportStoppedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ExportStoppedException() {
        super("The export was stopped; nothing of it is left");
    }
}
