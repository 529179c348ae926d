package io.github.notearchive.archive.catalog;

/** An object that lies where a sidecar should, and cannot be used as one. The message says why. */
public final class BrokenSidecarException extends Exception {

    BrokenSidecarException(String message) {
        super(message);
    }
}
