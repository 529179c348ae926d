package io.github.notearchive.maintenance.remap;

import io.github.notearchive.batch.Current;
import org.springframework.stereotype.Component;

/** The remap that this process is in. */
@Component
class ActiveRemaps extends Current<ActiveRemap> {

    ActiveRemaps() {
        super("a remap");
    }
}
