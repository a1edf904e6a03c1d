"""Small tokenizers with the chat templates that bases come with, made on the spot."""

from __future__ import annotations

from transformers import AddedToken, PreTrainedTokenizerFast

from genrec.model.prompts import CHATML, CHATML_WORDS
from genrec.model.vocabulary import words
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

SIZES = (5, 6, 7, 3)

# Like Llama 3: a mark at the very beginning, contents trimmed, one mark at the end of each turn.
LLAMA = (
    "{{ '<s>' }}{% for m in messages %}{{ '<|head|>' + m['role'] + '<|headed|>\n\n' }}"
    "{{ m['content'] | trim + '<|eot|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|head|>assistant<|headed|>\n\n' }}{% endif %}"
)
# Like Llama 2: the question in brackets, the answer ended by </s>, no word for the assistant.
BRACKETS = (
    "{% for m in messages %}{% if m['role'] == 'user' %}{{ '<s>[INST] ' + m['content'] + ' [/INST]' }}"
    "{% elif m['role'] == 'assistant' %}{{ ' ' + m['content'] + ' </s>' }}"
    "{% else %}{{ raise_exception('only user and assistant, please') }}{% endif %}{% endfor %}"
)
# Like Qwen 3: an empty thought before the last answer, none before earlier ones.
THINKING = (
    "{% set last = namespace(user=-1) %}"
    "{% for m in messages %}{% if m['role'] == 'user' %}{% set last.user = loop.index0 %}{% endif %}{% endfor %}"
    "{% for m in messages %}{% if m['role'] == 'assistant' and loop.index0 > last.user %}"
    "{{ '<|im_start|>assistant\n<think>\n\n</think>\n\n' + m['content'].lstrip('\n') + '<|im_end|>\n' }}"
    "{% else %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}"
    "{{ '<think>\n\n</think>\n\n' }}{% endif %}{% endif %}"
)
TEMPLATES = {"chatml": CHATML, "llama": LLAMA, "brackets": BRACKETS, "thinking": THINKING}
MARKS = ("<s>", "</s>", "<|head|>", "<|headed|>", "<|eot|>", *CHATML_WORDS)

CORPUS = (
    "user assistant Next item after: A red dress of wool, please. Which one? This one, in navy blue, with stripes.",
    "Rust Bomber Jacket. Petit Orage cut this bomber jacket from denim, in rust. For winter days that end at four.",
)


def byte_level(template: str | None) -> PreTrainedTokenizerFast:
    """BPE over bytes, as Qwen, Llama 3 and GPT have it."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    )
    return _finished(core, template)


def sentencepiece(template: str | None) -> PreTrainedTokenizerFast:
    """Pieces with a mark for the space before a word, put before a text that begins with none, as Llama 2 has it."""
    core = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    core.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    core.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=["<unk>", *bytes_], show_progress=False)
    core.train_from_iterator(["▁" + text.replace(" ", "▁") for text in CORPUS], trainer)
    return _finished(core, template)


def _finished(core: Tokenizer, template: str | None) -> PreTrainedTokenizerFast:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>", eos_token="</s>")
    tokenizer.add_special_tokens({"additional_special_tokens": list(MARKS)})
    tokenizer.add_tokens([AddedToken(word, normalized=False, single_word=False) for word in words(SIZES)])
    tokenizer.chat_template = template
    return tokenizer
