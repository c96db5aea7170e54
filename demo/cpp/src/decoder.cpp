#include "decoder.h"

#include "associative_embedding.h"
#include "part_affinity.h"

namespace litepose {

std::unique_ptr<Decoder> make_decoder(const Card& card) {
    const Fields fields(card.decoder, "decoder");
    const std::string kind = fields.text("kind");
    if (kind == "associative_embedding") return make_associative_embedding(card, fields);
    if (kind == "part_affinity") return make_part_affinity(card, fields);
    throw Error("the model " + card.name + " needs the decoder '" + kind +
                "', which this program does not support; use the Python package");
}

}  // namespace litepose
