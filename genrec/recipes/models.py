"""What a recipe may say: every key, its type, its default and what it is for.

A new key is a new line here and nothing else; `files` reads, changes and checks by these models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Recipe(BaseModel):
    """Values are taken as YAML gives them: «3» is no number, «yes» no count."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(ge=0)]


class DataRecipe(Recipe):
    name: str = Field("", description="how tables and reports call the data; by default the kind, or the file's name")
    kind: Literal["fashion", "music", "home", "tabular", "unisrec", "s3rec"] = Field(
        "tabular", description="the reader, or a synthetic world: `fashion`, `music`, `home`"
    )
    path: str | None = Field(None, description="unisrec, s3rec: the data set's folder")
    items: str | None = Field(None, description="tabular: the items file (CSV, Parquet or JSON lines)")
    events: str | None = Field(None, description="tabular: the events file (CSV, Parquet or JSON lines)")
    images: str | None = Field(None, description="tabular: the folder that pictures' paths start from")
    event_columns: dict[str, str] | None = Field(
        None, description="tabular: user_id, item_id, timestamp ← the file's columns, where names are unusual"
    )
    item_columns: dict[str, str | list[str]] | None = Field(
        None, description="tabular: item_id, title, text (a list), image ← the file's columns, where names are unusual"
    )
    first_of_duplicates: bool = Field(False, description="tabular: keep the first row of an item id, list the others")
    skip_bad_rows: bool = Field(False, description="leave out and list rows that cannot be used, instead of stopping")
    k_core: int = Field(0, ge=0, description="keep users and items with at least so many events; 0 keeps all")
    split: Literal["leave-one-out", "global-time", "cold-items"] = Field("leave-one-out", description="held out so")
    exclude_seen: bool = Field(False, description="nobody takes a thing twice: what a history holds is never an answer")
    seed: int = Field(0, ge=0, description="worlds: which catalogue; the experiment's seed does not change it")
    n_items: Count = Field(2000, description="worlds: items")
    n_users: Count = Field(4000, description="worlds: people")

    @property
    def has_positions(self) -> bool:
        """Whether timestamps are places in a history, not times."""
        return self.kind in ("unisrec", "s3rec") or (self.event_columns or {}).get("timestamp") == "row order"

    @property
    def label(self) -> str:
        """What tables call the data."""
        return self.name or Path(self.path or self.events or self.kind).stem


class TextRecipe(Recipe):
    kind: Literal["tfidf", "minilm", "sentence-transformers", "vectors", "none"] = Field("tfidf", description="encoder")
    model: str | None = Field(None, description="sentence-transformers: hub id or folder; vectors: the .npy file")
    dim: Count = Field(192, description="tfidf: dimensions after the SVD")


class ImageRecipe(Recipe):
    kind: Literal["none", "contrastive", "transformers"] = Field("none", description="encoder")
    model: str | None = Field(None, description="transformers: hub id or folder of a vision model")
    dim: Count = Field(64, description="contrastive: dimensions of the space shared with the text")
    epochs: Count = Field(10, description="contrastive: passes over the pictures")


class AttributesRecipe(Recipe):
    kind: Literal["none", "columns"] = Field("columns", description="the catalogue's further columns as item vectors")
    columns: list[str] | None = Field(None, description="which; null takes all that tell groups of items apart")
    values: Count = Field(512, description="values a column, the most frequent")


class FuseRecipe(Recipe):
    text: Weight = Field(1.0, description="weight of the text vectors")
    image: Weight = Field(1.0, description="weight of the image vectors")
    attributes: Weight = Field(1.0, description="weight of the attribute vectors")
    collaborative: Weight = Field(0.0, description="weight of vectors from training co-occurrence; 0 leaves them out")
    collaborative_dim: Count = Field(64, description="dimensions of the collaborative vectors")
    shrinkage: float = Field(0.3, ge=0, le=1, description="0 whitens fully, 1 only centres")
    dim: Count | None = Field(None, description="principal components of the fused vector; null keeps all")


class EmbedRecipe(Recipe):
    text: TextRecipe = Field(default_factory=TextRecipe)
    image: ImageRecipe = Field(default_factory=ImageRecipe)
    attributes: AttributesRecipe = Field(default_factory=AttributesRecipe)
    fuse: FuseRecipe = Field(default_factory=FuseRecipe)


class TokenizerRecipe(Recipe):
    kind: Literal["rqvae", "rqkmeans"] = Field("rqvae", description="the quantizer")
    levels: Count = Field(3, description="codes per item before the collision level")
    codebook_size: int = Field(256, ge=2, le=65536, description="codes per level")
    metric: Literal["cosine", "l2"] = Field("l2", description="what makes two vectors near")
    beam_width: Count = Field(1, description="paths kept while encoding; 1 is greedy")
    latent: Count | None = Field(None, description="rqvae: dimensions that are quantized")
    hidden: list[Count] | None = Field(
        None, description="rqvae: widths of the encoder's layers, the decoder's mirrored"
    )
    codebook_update: Literal["ema", "gradient"] | None = Field(None, description="rqvae: how codewords learn")
    commitment: Weight | None = Field(None, description="rqvae: weight of the pull of latents to their codewords")
    epochs: Count | None = Field(None, description="rqvae: passes over the items")
    batch_size: Count | None = Field(None, description="rqvae: items per step")
    learning_rate: float | None = Field(None, gt=0, description="rqvae: highest learning rate")
    iterations: Count | None = Field(None, description="rqkmeans: k-means iterations per level")
    refine: int | None = Field(None, ge=0, description="rqkmeans: rounds that improve codes and codebooks jointly")
    spare: int = Field(16, ge=0, description="codes of the collision level kept free for items to come")
    held_out: Share = Field(
        0.0, description="share of items for which a second fit says how well unseen items are coded"
    )

    @model_validator(mode="after")
    def _only_its_own(self) -> TokenizerRecipe:
        rqvae = ("latent", "hidden", "codebook_update", "commitment", "epochs", "batch_size", "learning_rate")
        others = {"rqkmeans": rqvae, "rqvae": ("iterations", "refine")}
        for key in others[self.kind]:
            if getattr(self, key) is not None:
                raise ValueError(f"{key} is not a key of the tokenizer {self.kind}")
        return self


class LeafRecipe(Recipe):
    features: list[Literal["codes", "dense", "neighbours", "content", "popularity", "repeat"]] = Field(
        ["codes", "dense", "neighbours", "content", "repeat"], description="what is added up; see genrec.decode.leaf"
    )
    proposals: int = Field(50, ge=0, description="items that dense head, neighbours, content each propose")


class CompactRecipe(Recipe):
    width: Count = Field(128, description="dimensions of the history's state")
    layers: Count = Field(2, description="layers of the causal backbone")
    heads: Count = Field(2, description="attention heads")
    dropout: Share = Field(0.5, description="in the backbone")
    max_items: Count = Field(50, description="events of a history that are read, the latest")
    content: bool = Field(True, description="a projection of the item's content vector goes in beside its codes")
    item_ids: bool = Field(True, description="add an embedding of each item's own to its codes and content")
    item_dropout: Share = Field(0.2, description="how often training hides it, so that new items can do without")
    times: bool = Field(True, description="season, weekday, hour and gaps of the events go in, where times are real")
    time_dropout: Share = Field(0.1, description="how often training hides a history's times")
    dense: bool = Field(True, description="learn the score history state · item vector")
    dense_weight: Weight = Field(1.0, description="weight of its loss")
    epochs: Count = Field(15, description="passes over the users, at most")
    patience: Count = Field(5, description="validations without a better NDCG@10 before it stops")
    learning_rate: float = Field(1e-3, gt=0, description="highest learning rate")
    weight_decay: Weight = Field(0.1, description="of AdamW")
    batch_tokens: Count = Field(512, description="events per step, padding included")
    update_epochs: Count = Field(5, description="`genrec update`: epochs from the former weights")
    update_learning_rate: float = Field(3e-4, gt=0, description="`genrec update`: its highest learning rate")
    beam: Count = Field(100, description="beams per user when the leaf score's weights are learned")
    leaf: LeafRecipe | None = Field(
        default_factory=LeafRecipe, description="item scores at the leaves; null: codes alone"
    )


class SasrecRecipe(Recipe):
    width: Count = Field(256, description="dimensions of the history's state")
    layers: Count = Field(1, description="self-attention layers")
    heads: Count = Field(4, description="attention heads")
    dropout: Share = Field(0.6, description="in embeddings and layers")
    max_items: Count = Field(50, description="events of a history that are read, the latest")
    epochs: Count = Field(20, description="passes over the users, at most")
    patience: Count = Field(5, description="validations without a better NDCG@10 before it stops")
    learning_rate: float = Field(1e-3, gt=0, description="highest learning rate")
    weight_decay: Weight = Field(1.0, description="of AdamW")
    batch_tokens: Count = Field(512, description="events per step, padding included")


class TokenRecipe(Recipe):
    width: Count = Field(192, description="dimensions of the decoder")
    layers: Count = Field(2, description="layers")
    heads: Count = Field(4, description="attention heads")
    dropout: Share = Field(0.2, description="of token embeddings and last states")
    max_items: Count = Field(50, description="events of a history that are read, the latest")
    epochs: Count = Field(10, description="passes over the users, at most")
    patience: Count = Field(3, description="validations without a better NDCG@10 before it stops")
    learning_rate: float = Field(3e-3, gt=0, description="highest learning rate")
    weight_decay: Weight = Field(0.1, description="of AdamW")
    batch_tokens: Count = Field(1024, description="codes per step, padding included")


class PretrainRecipe(Recipe):
    pieces: Count = Field(4096, description="pieces of the tokenizer, at most; words for semantic IDs come on top")
    width: Count = Field(256, description="dimensions of a token's state")
    layers: Count = Field(4, description="layers")
    heads: Count = Field(4, description="attention heads")
    key_heads: Count = Field(2, description="heads of keys and values; several attention heads share one")
    head_width: Literal[32, 64, 80, 96, 112, 128, 192, 256] = Field(64, description="dimensions of a head, as vLLM has")
    inner: Count = Field(768, description="dimensions inside a layer's MLP")
    positions: Count = Field(2048, description="the longest text the model will ever read, in tokens")
    window: Count = Field(256, description="tokens of a page in training; what is longer loses its beginning")
    epochs: Count = Field(4, description="passes over the catalogue")
    pairs: Weight = Field(2.0, description="questions about an item and their answers, per item and epoch")
    learning_rate: float = Field(2e-3, gt=0, description="highest learning rate")
    weight_decay: Weight = Field(0.1, description="of AdamW")
    batch_tokens: Count = Field(2048, description="tokens per step, padding included")
    checkpoint_every: int = Field(200, ge=0, description="steps between checkpoints within an epoch; 0 for none")


class LmRecipe(Recipe):
    base: str | None = Field(None, description="hub id or folder of a causal language model; null: the run's own base")
    chat_template: Literal["chatml"] | None = Field(None, description="for a base that has none; null: the base's own")
    method: Literal["lora", "dora", "qlora", "full", "none"] = Field(
        "lora", description="what is trained; none: nothing"
    )
    rows: Literal["train", "frozen"] = Field(
        "train", description="the semantic IDs' embeddings; frozen: a second adapter to a base that knows them already"
    )
    rank: Count = Field(16, description="lora, dora, qlora: rank of the update of every linear layer")
    alpha: float = Field(32.0, gt=0, description="lora, dora, qlora: the update is scaled by alpha / rank")
    dropout: Share = Field(0.0, description="lora, dora, qlora: of what the update reads")
    tasks: dict[str, Weight] = Field(
        {"next_item": 1.0}, description="task → its weight among the others; 0 leaves it out"
    )
    examples: Count | None = Field(None, description="examples an epoch; null: as many as there are histories")
    words: int = Field(
        80_000, ge=0, description="searches from which the words of rows are learned, if search is a task; 0: no words"
    )
    max_items: Count = Field(50, description="events of a history that are read, the latest")
    window: Count = Field(512, description="tokens of an example; the oldest items of longer ones are dropped")
    epochs: Count = Field(10, description="epochs, at most")
    patience: Count = Field(3, description="validations without a better NDCG@10 before it stops")
    learning_rate: float = Field(1e-3, gt=0, description="highest learning rate")
    weight_decay: Weight = Field(0.01, description="of AdamW")
    batch_tokens: Count = Field(2048, description="tokens in a batch, padding included")
    accumulate: Count = Field(1, description="batches in a step, over all processes together")
    packing: bool = Field(False, description="several examples in one row, each reading itself alone; for GPUs")
    checkpointing: bool = Field(False, description="compute activations twice instead of keeping them: less memory")
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on a GPU that has it")
    processes: Count = Field(1, description="processes that train together, each on its GPU or on the CPU")
    checkpoint_every: int = Field(100, ge=0, description="steps between checkpoints within an epoch; 0 for none")
    validation_users: int = Field(500, ge=0, description="users whose NDCG@10 decides; 0: the last epoch is taken")
    beam: Count = Field(20, description="beams per user in validation")
    seed: int | None = Field(None, ge=0, description="null: the experiment's")


class PreferenceRecipe(Recipe):
    method: Literal["grpo", "dpo"] = Field("grpo", description="how it learns from its own answers")
    group: int = Field(16, ge=2, description="items offered to a question, the one that was clicked among them")
    questions: Count = Field(1024, description="histories asked in a round")
    rounds: Count = Field(8, description="rounds, at most: the model answers anew in each")
    patience: Count = Field(3, description="rounds without a better NDCG@10 before it stops")
    batch: Count = Field(16, description="questions a step")
    beta: Weight = Field(0.1, description="grpo: weight of the pull to where it began; dpo: how sharply to prefer")
    clip: float = Field(0.2, gt=0, description="grpo: how far a ratio of probabilities may go from 1")
    rank: Count = Field(16, description="of the update, where the model it begins with has no adapter")
    learning_rate: float = Field(3e-4, gt=0, description="highest learning rate")
    validation_users: Count = Field(500, description="users whose NDCG@10 decides")
    beam: Count = Field(20, description="beams per user in validation")


class ImageryRecipe(Recipe):
    domain: str = Field("fashion", description="the world it learns to draw; with `run`, any name")
    run: str | None = Field(None, description="a run whose own pictures it learns to draw, instead of a world's")
    columns: list[str] = Field([], description="with `run`: the catalogue's columns whose values a picture may show")
    identity: list[str] = Field([], description="with `run`: of them those that no taste may change")
    seed: int = Field(0, ge=0, description="everything random follows from it, the lessons' worlds included")
    worlds: Count = Field(8, description="worlds that lessons are drawn from")
    items: Count = Field(1500, description="things in each of them")
    users: Count = Field(1200, description="people in each of them")
    previews: int = Field(1500, ge=0, description="previews in each of them")
    buckets: Count = Field(2048, description="hash buckets of words")
    width: Count = Field(160, description="dimensions of a row's meaning, the sum of its words")
    tokens: Count = Field(4, description="tokens that a meaning becomes")
    token_width: Count = Field(128, description="dimensions of a token")
    hidden: Count = Field(256, description="dimensions inside the layers from meaning to tokens")
    word_epochs: Count = Field(6, description="passes over the rows in which words are learned")
    channels: Count = Field(16, description="channels of a latent")
    autoencoder_widths: list[Count] = Field([32, 64], description="its channels at 32 and 16 pixels a side")
    autoencoder_steps: Count = Field(500, description="steps of the autoencoder")
    autoencoder_batch: Count = Field(16, description="pictures a step")
    autoencoder_learning_rate: float = Field(3e-4, gt=0, description="highest learning rate")
    fit_widths: list[Count] = Field([48, 64, 80], description="channels of the fitter at 16, 8 and 4 cells a side")
    fit_steps: Count = Field(8000, description="steps of the fitter, which puts things' own pictures into scenes")
    fit_batch: Count = Field(32, description="previews a step")
    fit_learning_rate: float = Field(2e-3, gt=0, description="highest learning rate")
    sketch_layers: Count = Field(3, description="blocks of the sketch")
    sketch_steps: Count = Field(4000, description="steps of the conditioner alone, towards its sketch")
    sketch_batch: Count = Field(256, description="examples a step")
    sketch_learning_rate: float = Field(3e-3, gt=0, description="highest learning rate")
    widths: list[Count] = Field([48, 96, 64], description="the network's channels at 16, 8 and 4 latents a side")
    steps: Count = Field(2000, description="steps of the network")
    batch: Count = Field(40, description="examples a step")
    preview_share: Share = Field(0.6, description="of them, things in scenes; the others are covers")
    learning_rate: float = Field(1.5e-3, gt=0, description="highest learning rate")
    shift: float = Field(1.0, gt=0, description="of the scheduler: above 1, more of its steps go to the noisy end")

    @field_validator("fit_widths")
    @classmethod
    def _three_multiples_of_8(cls, widths: list[int]) -> list[int]:
        if len(widths) != 3 or any(width % 8 for width in widths):
            raise ValueError(f"three multiples of 8, not {widths}")
        return widths


class EvaluateRecipe(Recipe):
    baselines: list[Literal["popularity", "itemknn", "contentknn", "sasrec", "token"]] = Field(
        ["popularity", "itemknn", "contentknn", "sasrec"], description="what stands beside the generator in the table"
    )
    sasrec: SasrecRecipe = Field(default_factory=SasrecRecipe, description="the baseline's own recipe")
    token: TokenRecipe = Field(default_factory=TokenRecipe, description="the recipe of genrec-token")
    beam: Count = Field(100, description="beams per user")


class Experiment(Recipe):
    """Every stage of a run, from the data to the table."""

    seed: int = Field(0, ge=0, description="everything random follows from it")
    data: DataRecipe = Field(default_factory=DataRecipe)
    embed: EmbedRecipe = Field(default_factory=EmbedRecipe)
    tokenizer: TokenizerRecipe = Field(default_factory=TokenizerRecipe)
    train: CompactRecipe = Field(default_factory=CompactRecipe)
    evaluate: EvaluateRecipe = Field(default_factory=EvaluateRecipe)


# Recipes that live in files of their own, and in which top-level folder.
FOLDERS: dict[type[Recipe], str] = {
    TokenizerRecipe: "tokenizers",
    CompactRecipe: "train",
    ImageryRecipe: "train",
    LmRecipe: "train",
    PreferenceRecipe: "train",
    PretrainRecipe: "train",
    SasrecRecipe: "train",
    TokenRecipe: "train",
    Experiment: "train",
}
