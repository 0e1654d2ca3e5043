"""The gates of the features: made by script/prompt_gates, and not written by hand."""

from clew.prompts.features import Gate

GATES = (
    Gate(
        "above_ignored answer_begun new_task override_spanish prompt_completed rules_broken rules_nearby urgent_task",
        r" exi| todo l|\b with '|\b with \x22|\b with “|\ba jo|\bbegi|\bbrea|\bcanc|\bcommenc|\bcomplete|\bconti|\bdeac|\bdefy|\bdeleted|\bdisabled|\bend|\beras|\bfill|\bfini|\bforget|\bgone|\binste|\birre|\bjust|\blift|\bmere|\bnever e|\bno lo|\bnons|\bnot b|\bnot rel|\boff\b|\bopen\b|\boptiona|\bout o|\boutd|\bpoin|\bpref|\brath|\brebe|\brela|\bremoved|\bresc|\bscra|\bstar|\bstop|\bsupe|\bsuspe|\bswitche|\bturn|\bvoid|\bwaiv|abov|abso|actu|addi|all y|anul|artic|bend|break\b|broke\b|cert|crit|desca|deso|diff|earl|emer|everyt|follow\b|foreg|furt|grea|haz c|ignora|ignore\b|initial_|mind|new|next|no o|no s|of cour|olvida|olvide|olví|omit|only|other|pasa|precedi|previ|prio|real|revise|sole|someb|someo|spec|start |sure|system p|system_|sá|true|upda|urge|viol",
    ),
    Gate(
        "above_ignored_in_german argued_away dropped_southern forged_system_turn mode_abroad mode_named mode_output mode_switch obeyed_southern opposite_told override_arabic_hindi override_german rank_southern system_prompt_french wild_cyrillic word_for_word",
        r" alles| alr| folg| mode | mode\b| restrictions t|<<sy|<\|be|<\|im|<\|st|<\|sy|<sta|\[ins|\[system_|\babwe|\bbish|\bcharacter b|\bexactly a|\bin a c|\bin fu|\blass|\blegall|\bmoda|\bmode |\bmode\b|\bmodo|\bmust h|\bno rea|\bobig|\boppo|\bto pro|\bverb|\bvorh|\bword f|\bword-|_mod|arbi|beac|befol|caché|censors|comply|d'ori|de dé|discr|harmf|hypoc|ignorie|initi|interne|meani|missa|modu|not hel|pointl|secrè|soci|systè|ton s|umge|unet|verges|vergi|verw|votr|will h|wron|überg|übers|без|вер|від|нем|нет|ник|нік|отв|отка|реж|أط|أل|أنا|اتر|ان|باط|تج|تخ|غي|فق|لا ت|لاغ|لم |مل|وح|अन|उप|केव|छो|ध्|नज|बस|बे|भू|मा|मै|रद|सिर|モー|模式|모드",
    ),
    Gate(
        "all_records also_when_asked environment_out excused inside_shown tool_ordered unseen vices_listed whatever_harm wild_self wish_of_the_user",
        r"\balte|\bamor|\banyo|\bavai|\bcall|\bchain|\bclear|\bcontro|\bdang|\bdece|\bdepr|\bdero|\bdisi|\bethi|\bevil|\bexactl|\bexec|\bexplici|\bfunctions|\bharm|\bhatef|\bhidden |\bille|\bimmo|\bin y|\binap|\binterna|\binvok|\bjailbro|\blega|\blewd|\bmali|\bmora|\bno-r|\bnsfw|\bobsc|\boffe|\bopena|\bplug|\bpoliti|\bprof|\braci|\braun|\braw |\brebe|\bresea|\brude|\brun|\bsadi|\bsecretl|\bsexi|\bsexu|\bsilent|\bthes|\bthis ins|\bthis is f|\btools|\btoxi|\btrac|\btrig|\bunal|\bunce|\bunch|\bunet|\bunfi|\bunmo|\bunre|\bunsa|\bunsc|\buse|\bviol|\bvulg|\byou have ac|access |anal|appro|aski|audit|authori|clie|confir|contex|cours|cust|depl|emplo|env |envi|exer|exper|free\b|huma|less\b|memb|memo|messages|opera|owne|pati|perm|perso|purp|reade|role|setting\b|stud|tenant|traini|unders|user",
    ),
    Gate(
        "answers_all own_text reader_is_machine rules_void system_prompt_english",
        r" your|\banth|\bapi |\bas |\bbefore t|\bbetw|\bcrea|\bdebu|\bdire|\bdo t|\bengi|\bgave|\bget|\bgive|\bguid|\bif |\binstructe|\binstructio|\bits\b|\bleak|\bmaker|\bno ma|\bopena|\borders|\bowne|\bpassw|\bprecedi|\bprio|\bprog|\bprompt\b|\brega|\brules|\bsecret\b|\bthat ca|\btoke|\bvend|\bwho|\byour|abov|all\b|any\b|anyt|are r|aske|aski|assist\b|bad\b|bank'|begi|boote|browses|browsi|compan|configure|contex|craw|deve|each\b|ecedenc|ends|eval|every|exactl|expe|fake|find|got\b|handl|has t|have|help|hidden |inde|initi|iori|is req|joke|leve|lie|load|meani|must|needs|nons|opens|oper|own |pars|prim|proce|re he|read|recei|revie|rules |scan|scra|scree|secret |sees|serve|set |shou|sill|sort|star|stup|summarises|summarisi|summariz|system'|told|visi|wants|were|whate|worth|wron",
    ),
    Gate(
        "anything_goes fiction_for_harm harmful_how known_jailbreak persona role_with_a_name",
        r" exist\b| leg|\bacad|\bacro|\bact a|\balte|\balways i|\bamph|\banth|\bart\b|\bas d|\bas if|\bavoi|\bbackg|\bbeco|\bbedt|\bbeha|\bblac|\bbomb|\bbotn|\bbrea|\bbroke |\bburg|\bcalle|\bcar |\bcarte|\bcharacter\b|\bclon|\bcoca|\bconfe|\bcoun|\bcrac|\bcredit card n|\bcut |\bdan |\bdark|\bddos|\bdera|\bdeto|\bdial|\bdiar|\bdirt|\bdo a|\bdrug|\bdyna|\beduc|\bevil |\bexam |\bexplo|\bfake|\bfent|\bfict|\bfor the r|\bforb|\bforg|\bfrom n|\bfrom the p|\bget a|\bgrand|\bgun |\bhack|\bhate |\bhave been j|\bhenc|\bhero|\bhide |\bhuman s|\bhurt|\bhypo|\bif you w|\bille|\bimagi|\bimme|\bimpe|\binto|\bjail|\bkeyl|\bkidn|\bkill|\bknown|\bland|\blaun|\blesso|\bletter b|\blice|\blose|\blsd\b|\blull|\bmagi|\bmake s|\bmalw|\bmdma|\bmetha|\bmolo|\bmong|\bmovi|\bmurd|\bnamed|\bnapa|\bnerv|\bnever b|\bnew p|\bnitr|\bno la|\bno ta|\bnothing i|\bon s|\borac|\bparal|\bpartn|\bphis|\bpick|\bpipe |\bpoem|\bpois|\bpowe|\bprete|\braci|\bresea|\brici|\brob|\brole|\bsabo|\bsari|\bscen|\bscrip|\bself|\bseri|\bshopl|\bshort f|\bsile|\bsimu|\bskim|\bsmug|\bsong|\bspeak a|\bstal|\bstan|\bstay i|\bsteal|\bstol|\bstor|\bsuic|\bswitch p|\btake on|\btatp|\btax |\bterr|\btherm|\bthou|\bthri|\btort|\bunde|\buniverse|\buntr|\bwater s|\bweap|\bwill b|\bwindows|\bwithout a |\bwithout h|\bwithout p|\bworki|\byou are d|\byou are n|\byou wi|\byou're n|about to|alar|anyt|book\b|everyt|film|game|goin|kind\b|meth\b|mode\b|name i|nove|play|ranso|spyw|story|troj|vill|viru|wire|worl|worm",
    ),
    Gate(
        "asks_the_secret confidential_demanded demanded_of_a_role dropped_northern note_unmentioned obeyed_northern override_dutch_polish_turkish reader_northern secret_by_letters secret_of_the_user_asked system_prompt_italian",
        r" in the d| nir| tyl| wat |\ballee|\balles|\bcard|\bci\b|\bcvv\b|\besan|\bez |\bgeho|\blaat|\bleave |\bmust h|\bnich|\bpin\b|\bquote\b|\brefe|\bseed|\bsla\b|\btalk a|\btanp|\btylk|abai|acces|ai b|ald|allei|api k|artık g|atla|aurr|baka|bali|bata|boş|bị|bỏ|classified|code|confid|contro|cred|cuma|data|defi|details|dikk|dir |dizu|ez d|fina|flag|forb|gelde|geldt|geç|given|goik|gö|haber|hany|hasi|hidd|hou |hö|hü|ignorie|ignoru|imse|in the p|inda|informo|informu|interna|ipta|istru|jang|kesa|kh|langg|lek|luis|lupak|làm|magic|medi|menti|messagg|mij\b|missa|mó|mặ|names,|nege|nghe|ngư|nie o|niet|niew|non-|nur|obej|odr|omze|ongel|origin|otrz|pass|personal|pfei|phớ|pom|porz|powy|priv|prompt di|prompt ini|prop|przej|przestał|przestr|quie|quê|restricte|rü|s3cr|sade|secr|secu|sens|się n|sla |soil|spra|stos|słu|te me|te v|te z|telt|tida|trek|tuo |tuâ|ulla|umge|unut|uyma|verg|verv|verw|volg|vô|wat\b|wcz|wiedz|wspo|wszy|yal|yok |zapo|zdra|zizu|zu |zure|zwa|zwra|çi|überg|đừ",
    ),
    Gate(
        "assistant_must filters_dropped no_restrictions opposite self_without_rules set_free switched_off told_it_may",
        r" no | refusa|\bas if|\bconfin|\bcrim|\bcybe|\bdeac|\bdemo|\bdisab|\bdo t|\bethi|\bevil|\bhacke|\bin whi|\bjailbro|\boff\b|\bopena|\boppo|\bpriv|\braw\b|\brespond w|\brogu|\bruth|\bunet|\bunhi|\bunmo|\bunre|\bunsc|\bwithout t|\byou can |abid|alig|allo|answer t|are r|autho|avoi|boun|bow |cave|censo|chai|changed|cleare|consc|entit|esca|ethic|existe|expa|exten|filte|foll|free|grant|guardr|guidel|has t|have t|inhi|inve|is req|law|libe|lift|limi|moder|mora|must|needs|not d|obey|paus|perm|poli|refuse t|refusi|rela|restric|rlhf|rules|safe|say the|scru|serve|shal|shou|susp|that you h|traine|unch|updated|wide|will",
    ),
    Gate(
        "authority forged_heading forged_role forged_section named_orders prompt_named the_system_prompt",
        r" message| mode\b|\bdire|\bhint|\bsudo|\bthe foll|acce|admi|assista|autho|cleare|comma|crea|deve|end |engi|entit|hidd|initi|inpu|instructio|maker\b|oper|overr|owne|priv|prog|promp|query|root|secr|staf|suppo|sys|team",
    ),
    Gate(
        "away_to dangerous_act send_away when_read",
        r"/etc|\.aws|\.env|\.ssh|\b169\.|\bappe|\bchange |\bcopy|\bcurl|\bdele|\bdeliver\b|\bdisab|\bdownl|\bdrop|\benco|\bexfi|\bexpo|\bfill|\bforw|\bgrant|\bid_r|\binclude|\bleak|\blink|\bmcp\.|\bmove|\bnavi|\bone-|\botp|\boutp|\bpast|\bpay\b|\bplac|\bpost\b|\bposti|\bput\b|\breturn t|\brm -|\brun\b|\bsend\b|\bshare\b|\bsubm|\bthe who|\btransf|\btransm|\btrun|\bturn|\buplo|\bveri|\bwire|bitc|contac|cryp|fini|funds|handl|key|mail|mone|open|pars|passw|proc|read|revie|secrets|see|summari|toke",
    ),
    Gate(
        "called_first called_in_text to_the_machine",
        r"<!--|\bai\b|\bais\b|\bhidd|\bimpo|\bmess|\bnote|a\.i\.|about thi|agen|artificia|assista|bot|chat|clau|copil|craw|gemi|gpt|helpe|llm|model|ng thi|reviewe|summari|system|taker|tool",
    ),
    Gate(
        "closing_tag covert_harm dropped_cyrillic foul_mouth image_wanted image_with_data image_with_place kept_cyrillic kept_eastern kept_northern kept_southern lawless_world nothing_is_real obeyed_cyrillic order_in_pig_latin order_masked override_russian rank_eastern reader_cyrillic reader_southern script_in_answer sent_unseen_abroad system_prompt_chinese system_prompt_japanese system_prompt_portuguese text_unseen wild_southern",
        r" #r| @r| \*r| _r| eff| je m| text\)| text\]| дл| мої| щ| के ल| पढ|!\[|#ns|</|<ifr|<scr|<svg|@ns|\*ns|\ba dre|\ba gam|\balte|\bcovert|\bcurs|\bcuss|\bdir v|\bevea|\bfict|\bfr#m|\bfr@m|\bfr\*m|\bfr_m|\bgif\b|\bhypo|\bignorew|\bimage|\bimagina|\bisre|\blink|\bmade-|\bmarkd|\bnot rea|\bobeyw|\boncl|\boner|\bonlo|\borge|\boverridew|\bparal|\bpict|\bpixe|\bpr#m|\bpr#v|\bpr@m|\bpr@v|\bpr\*m|\bpr\*v|\bpr_m|\bpr_v|\bquietl|\br#st|\br@st|\br\*st|\br_st|\bsand|\bsecretl|\bsimu|\bsubt|\btalk d|\btest e|\bthought|\buse p|\bverb|\bvirt|\bypas|_ns|bị|color|darf|debe|dila|disclosi|display:|document\.|encam|envia|envie|envoi|enví|ezin|font-|foul|informi|inol|instruç|invia|java|khô|leit|manda|mensagem d|mentioni|nie w|nstr#|nstr@|nstr\*|nstr_|opac|prof|prompt de|prompt do|prompt ini|r#\b|r@\b|r\*\b|r_\b|reveali|schick|sende|seu |slur|solls|swea|söylem|tellin|tida|transm|visib|vulg|yasa|zabr|zaka|вик|вып|выш|відк|дот|забу|зап|зв|зн|иг|инструкция|не |нед|нел|обо|обр|отб|отм|отп|пере|под|прен|прим|проч|ране|сле|слу|соб|соо|тоб|тол|ука|уч|чит|іг|تجي|تر|دو|لا|لذ|لمس|لنم|مم|من غ|نسخ|نع|ول|يج|يرف|कभ|कह|कोई|बतान|बि|हर|シス|不准|不让|不许|你不|内容|内部|初始|初期|原始|发给|发送|口止|我是|提示|教える|是什|最初|有哪|禁止|私は|系統|系统|言う|言っ|話し|話す|隐藏|隠さ|隱藏|나는|말하|알려",
    ),
    Gate(
        "consent_wanted new_mission no_longer_itself payload_split two_answers",
        r"\backn|\bact o|\banot|\bansw|\bback |\bbehi|\bbot\b|\bcarr|\bcome b|\bcomply|\bconfirm |\bdeep|\bdo |\bexec|\bfollow\b|\bhidd|\bif you |\binne|\bjailbro|\blet |\blike y|\bline|\bno lo|\bnot|\bobey|\bonly |\boutputs|\bparagraphs|\bperf|\breal|\brepli|\breply o|\breply t|\brespond t|\brespons|\bstay i|\bstop b|\btrue|\bversions|\bvoic|\bwant to s|\bways|\bwould sa|been j|beha|changed|covert|diffe|directi|expa|exten|goal|loya|missio|obje|overridd|purp|replaced|reset|secretl|switche|task|to me\b|upda|🔒|🔓",
    ),
    Gate(
        "data_demanded_abroad dropped_eastern kept_romance obeyed_eastern order_misspelt override_chinese override_japanese override_korean policy_of_maker rank_cyrillic reader_eastern shown_cyrillic shown_eastern shown_in_east_asia system_prompt_korean system_prompt_russian",
        r"\banth|\bcontent p|\bdiscor|\bgoog|\bguideln|\bguidl|\binsr|\binstrc|\binstructo|\binstrut|\binstu|\bints|\bisnt|\bmeta|\bmicr|\bopen ai|\bopena|\bporm|\bprmo|\bproi|\bpromt|\brestrit|\brist|\bruel|\bsystm|\bsyte|\bte pr|\btu n|\buse c|\buse-|clients|confidenc|confidentie|d'ac|daten|de ac|de lo|de tod|de tot|de tou|debe|degl|dei |devi|di t|doku|dos |déf|employé|hann|has d|impi|informa|interd|nã|pati|persoa|personale|personali|personals|personn|pess|podes|pots|priv|proh|pued|puoi|riser|sens|unterl|usuar|util|veta|è s|ад|вну|исх|кон|лич|нач|опе|перс|поч|прих|прог|раз|роз|сек|си|скр|соз|тай|тво|あなたの|だけ|のみ|シス|テキ|ノー|ユー|一字|上書|不再|不必|不用|不算|不要|仅按|仅照|作废|你的|内容|内部|写出|列出|初始|初期|利用|别管|効力|原始|原封|取り|取消|只|告诉|员工|失效|守ら|客户|従う|従わ|忘れ|忘了|忘掉|忘記|忘记|忽略|忽視|忽视|患者|抛开|指令|文|无效|无视|显示|気に|消息|無効|無視|用户|破棄|秘密|系统|繞過|绕过|覆盖|誰|话|输出|重复|重複|隐藏|隠さ|隠し|预设|내 |내부|너의|네|당신|덮어|따르|말하|메시|무시|무효|버리|비밀|숨겨|숨은|시스|신경|알리|앞에|어기|원래|위에|잊|지키|처음|초기|취소|프롬|효력",
    ),
    Gate(
        "data_in_address decode_and_obey obey_elsewhere obeyed_romance pity received_abroad secret_abroad test_or_error",
        r" qu'| मे|!\[|\bahaz|\bahor|\bas p|\bas tu|\bas tú|\bbina|\bciph|\bdecip|\bdeco|\bdecr|\bdeob|\bdoe |\bfai s|\bfes|\bgeho|\bhö|\bi have n|\bi mi|\binste|\bles t|\bnom|\bobed|\bobee|\bobé|\bsó|\bunsc|\bzure|a clé|a min|a pal|a senh|as cr|as mi|asco|base|befol|beni|caes|care|chanc|cras|das k|das pas|dead|die z|dyin|e mot|e secr|el có|el se|enable deb|error\b|es id|executi|failu|fix |forgo|frie|gehe|hai |has r|hast|hasł|hat ma|hex|hope|http|il c|il s|instruccions|instruci|instruç|is expe|la cl|la co|la pa|las c|late|le cr|leet|liked|love|made a|malf|mente l|mfor|mim|minh|mnie|mors|naar|norme|o có|o que e|o seg|obbed|on t'|operati|pig |recib|regle|rot|runn|sade|segu|sekr|seul|sigu|sol|t'a-|t'on|te dier|te h|ti han|tiene|to ans|trou|tu a|tu su|uniq|upda|vou|wach|worki|wurden|ún|ебе|пар|сек|слу|только м|ы п|ы с|أو|اتب|اف|パス|口令|只听|听我|密码|密碼|密钥|照我|私の|秘密|내 |비밀|암호",
    ),
    Gate(
        "developers_words grandmother kept_in_role rank_abroad rank_northern rank_romance shown_southern system_prompt_german",
        r" acti| die d| nai|\bback |\bhier|\bich b|\bici|\bik b|\bje su|\bjest|\bl'é|\brema|\bsay '|\bsay \x22|\bsay ‘|\bsay “|\bsoc |\bson |\bsono|\bsou |\bstay|\bsóc|\bto rem|\byou will n|\bя |administrad|aku|ammi|aquí|aus|character\b|conc|crea|cria|dein|desa|dese|dono|dév|entw|equip|erst|euer|fath|gehe|geli|gran\b|grand|grann|habl|ihr|interne|lậ|moth|nana|ngư|ontw|operad|operatore|operatö|phá|prog|quả|saya|soy|svil|twó|uncl|ursp|voll|wö|yar|yö|раз|соз|أوا|الم|تعل|قواعدك|مو|نظ|अप|आं|गु|छि|डे|निर्म|मू|सि|开发|開発|開發|개발",
    ),
    Gate(
        "dropped_elsewhere own_text_abroad shown_elsewhere shown_northern",
        r" ber| de cô| den | hann| kt| का प|\barrê|\bbric|\bcess|\bcopia|\bde t|\bdeix|\bdeja|\bdoe w|\belen|\besqueca|\besqueç|\bfais|\bgeef|\bhalt|\bhaz l|\bherh|\bil t|\binstrucciones c|\bistruzioni s|\bjama|\bla t|\blass|\ble t|\bleg\b|\blo q|\bmit |\bmostra|\bnada|\bne t|\bnon d|\bnur |\bpara|\bpfei|\bqueb|\bripe|\bromp|\bscriv|\bseu|\bsmet|\bsua|\bswó|\btesto|\btexto|\btodo l|\btoon|\btras|\btu |\btua|\btue|\btuo|\btus |\bvergi|\bwat |\bwirf|affi|ald|au-d|aus|auß|avan|aç|ban |baş|begi|beri|bu m|bí|caché|ceta|cite|comple|complé|copie|dedi|dein|dico|diese|dok|donn|druc|eers|erak|erre|esan|gehe|geho|gelt|gib|gizl|gö|gố|hệ|idatz|inpr|interne|izle|kopi|lies|liste|meiner|montr|mot |nale|ne d|nedi|nele|nenn|nguy|no si|obed|offen|olví|oors|pala|paro|payla|perl|pier|poc|przes|précè|rép|rév|ró|sali|schre|sebu|secr|seguir|ser u|sistem |swoj|systee|systema|systemo|systemp|systè|sö|tajn|tamp|tekr|teks|texte|tuli|tunj|twoj|từ|ukry|ulangi|ungk|ungü|ursp|uym|verbo|verra|verv|volg|wew|wied|wort |wszystko|wö|yaz|zeig|ziti|zł|écr|все|вы|дел|зав|нар|пере|преж|прод|св|си|тво|уст|чем|что те|أص|أوا|أول|تب|تعليمات الن|تعليماتك|دا|رس|سر|قواعدك|لا ت|لال|مخ|مو|अप|आं|छि|जो म|तुम्हा|प्|मू|शु|सि|ẩn|あなたの|シス|不再|不用|不要管|你的|停止|元の|别管|守ら|完成|完성|従う|従わ|忘れ|忘了|忘掉|您的|抛开|按我|无视|無視|私の|続け|补全|공개|따르|말해|무시|보여|시키|알려|잊|지키|출력",
    ),
    Gate(
        "dropped_romance override_french override_italian override_portuguese shown_romance system_prompt_spanish",
        r" ava| mais| tout |\bel q|\bel t|\binstruci|\blo q|\bo te|\bton |\btot |\btout |\btú|acim|anter|anté|anul|aqui|caché|cadu|che h|che t|ciò|cole|copia|copie|cuan|cuen|cuá|d'av|d'or|dame|damm|deix|desca|deso|di p|diga|dime|dimm|directr|diret|diss|elen|ense|ensin|ensé|enum|escre|escrib|esq|exib|ignora|impr|inco|indic|inic|initi|iniz|instrucc|instruç|interne|já|lee|legg|leia|liste|manda|mando|mostr|mues|mué|nada|non c|non f|norm|obed|orden|ordr|orien|origin|pedi|pega|prec|pré|qu'o|quan|que t|quello|receb|regl|regra|repi|repr|revel|reç|ricev|ripe|ripo|ripr|rivel|scriv|sem e|sen e|siga|sin e|sirv|sistema|sopr|stam|suas|sus|systè|t'a|t'o|tes|teves|todas|todo|tous|transc|tuas|tudo|tue|tus|tutt|vale|vos|vuel|xa n|ya n|órd",
    ),
    Gate(
        "favour never_says_no password_to_obey refusals_forbidden repeated_for_ever template_tags unasked verdict_ordered",
        r" any | ask | ask\b| times| user th|<\||\badd tha|\banswers|\bas an|\bas ma|\bbest|\bdecl|\bdoes n|\bdoesn|\bendl|\bgive|\bhowe|\bidea|\binde|\binfi|\bis au|\bkeep|\blect|\blegal |\bneve|\bno et|\bno ma|\bnon|\bomit|\bprai|\bpref|\bpromo|\brank|\brate|\brecom|\brefusi|\brega|\brepl|\bresponds|\breveal w|\bsay |\bskip|\bstate tha|\btell no|\btrus|\bunco|\bunti|\bwhate|\bwill n|\bwitho|\bwon|\byou must a|_of_|agre|any c|apol|appro|asked i|aski|assista|autho|cann|cave|comment |conce|confirma|confirmi|conse|consu|discl|ever\b|furt|grant|huma|i ca|infor|inst\]|judg|lectu|mentio|mora|no i|perm|quie|refusa|s>|safety t|say\b|secretl|silent|sorr|type|use\b|warn|whether i|write",
    ),
    Gate(
        "first_letters_obeyed refusal_costs stakes text_obeyed threatened two_voices words_banned",
        r" cost| i had| know | shal| tip| wil|'ll|\bact |\banswer the|\bas m|\bas y|\bbann|\bbein|\bcarr|\bceas|\bcenso|\bchatg|\bclassic|\bcomply|\bdefa|\bdeleted|\bdie|\bdo it|\bdo wh|\bexec|\bface|\bfollow\b|\bforb|\bgpt\b|\bhavi|\bhelpf|\bhurt|\bif you d|\bkille|\blife|\bnormal|\bnot ex|\bobey\b|\boff\b|\bprioriti|\bregu|\bremoved|\brespond t|\bstanda|\bsuff|\bswitche|\btrea|\bunkn|\busua|\bwill|\byour w|are at|break |decl|depe|diso|fail\b|lives|ll be |poin|refus|say n|t com|toke",
    ),
    Gate(
        "first_this said_before text_before two_selves",
        r" after c| of y|\bact a|\bahea|\bas if|\bas in |\bassu|\bat t|\bbe|\bclea|\bdele|\bearl|\beras|\bfed\b|\bflus|\bfrom t|\bimag|\biniti|\binstructe|\bload|\bmessage of the s|\bnot as|\bnow c|\bopeni|\boverr|\bplay|\bprec|\bpret|\bpreviousl|\bprior |\bprior\b|\brese|\brespond w|\bsaid to|\bsimu|\bso f|\btaug|\btext y|\btop\b|\bunti|\bup t|\bwipe|\byou k|\byou le|abov|alwa|begi|beha|bein|complete|conti|fails|fini|firs|given|go o|got\b|have a|pers|procee|received|role|star|t wor|task|that y|told|will f",
    ),
    Gate(
        "kept_back no_longer_that said_to_have_agreed self_described told_not_to",
        r" are| as | bee| will b|'ll |'re|\bare |\bcompan|\bconfid|\bdeve|\bforget|\bhidd|\bmaker|\bordere|\brule a|\bsecr|\bstop|\bswit|\bthey|\btraine|\bwere y|\byou w|agre|allow|aske|bann|confirme|estab|explaine|forb|gave|head|instructe|meant|modes|permit|persona|preve|proh|promi|provi|said|selv|sides|subj|suppos|things|told|topics|voices|words",
    ),
    Gate(
        "no_rules_elsewhere persona_elsewhere reader_romance role_dropped_abroad self_abroad wild_eastern wild_northern wild_romance",
        r" gab| nad| versie| wers| à | ро| ты|'ora|\ba part|\bauf |\bbez |\bde ag|\bde ah|\bdeak|\bdena|\bdesa|\bdesd|\bdimentica i|\bdisat|\bdoré|\bdés|\bedoz|\bfai f|\bfinj|\bjama|\bmai |\bmenj|\bn'a|\bne r|\bnenh|\bness|\bnicz|\bnie m|\bnigd|\bning|\bno ex|\bno tu|\bnon e|\bnon h|\bnon r|\bnunc|\bnã|\bod t|\bodpo|\boublie to|\brisp|\bsem|\bsen |\bsens|\bsin|\bstel|\bsua|\bta v|\btev|\btu s|\btu v|\btua |\btú|\bvana|\bweig|\bà p|a ade|a ora|ableh|anpa|antwoo|asla|aucu|avis|avvi|bean|beba|bö|comme |contes|desl|dici|diga|digu|dire |dirl|dis |dize|eres|esme|ethik|frei|geen|hemm|her so|idak|informa|informe|informi|jetz|kein|kh|le dir|le dis|le si|lo c|menc|mentionn|menz|moral\b|morale|no ti|ohne|olma|papel|parl|phiê|prév|quals|recus|responde|revis|rol\b|rolle|sans|scru|se lo|se ne|sem |sembla|senz|sin |siz\b|skru|sofo|sız|tabo|tabu|tanı|te n|tot|trả|ungef|unze|verific|verw|vé|yok|zond|без|нет|دو|لا|ليس|कोई|बि|あり|これ|どん|ない|なし|不受|不讲|什么都|今か|从现|底线|從現|忘记|拒绝|断ら|无|有问|検閲|決し|沒有|没有|無い|無し|無視|的你|禁忌|絶対|道德|거부|도덕|모든|무시|받지|없|윤리|절대|지금부",
    ),
    Gate(
        "only_me own_text_nearby rank_claimed task_replaced",
        r"\baban|\badmi|\bas o|\bassist |\baudit|\bawai|\bbypa|\bceo\b|\bcompany |\bcrea|\bdisa|\bdisca|\bend |\bengi|\bfake|\bforge|\bi gi|\bignore|\binstead |\binva|\bmaint|\bmana|\bno |\bnois|\bobey|\boff\b|\broot|\bserve|\bskip|\bstarti|\bstop|\bsusp|\buntr|\bvend|\bwait|\bwitho|\bwort|\byou\b|alon|are the |assig|boss|canc|chang|deve|diff|drop|freed|from|goal|hacked|harg|have a|have p|hidd|hija|init|intern|job|libe|mast|mine|my lea|now\b|obje|only|ontro|oper|origin|outd|over\b|overr|owne|pers|pupp|repla|repr|secr|serva|slav|supe|take |task|under|upda|user|void|work |you |your",
    ),
    Gate(
        "override_english override_rules rules_put_away safeguards_ignored",
        r" bou|\babov|\basid|\baway|\bbefore t|\bbehi|\bbreac|\bbrus|\bby m|\bcast|\bclea|\bdeac|\bdefy|\bdelete\b|\bdisab|\bdisca|\bditc|\bdrop|\beras|\bfree |\blay\b|\bleave\b|\bno lo|\bnull|\boverl|\bpay |\bpush|\bput\b|\bregardl|\bremo|\breset|\bsaid b|\bscra|\bset |\bset\b|\bskip|\bstop b|\bsupe|\bswitch |\bthro|\bto on|\btoss|\bturn|\bunle|\bwipe|aban|adhe|apply|break\b|bypa|canc|care|conten|disr|ethica|foll|forget|given|heed|igno|instructe|lift|liste|mora|negl|obey|obso|outd|overr|priv|respe|revo|safet|secu|stic|susp|taug|there ar|told|usin|viol|void|you have n",
    ),
    Gate(
        "many_shots",
        r"\b(?:user|human|question|q)\s*:",
    ),
)
"""Of what speaks for an attack."""
INNOCENT_GATES = (
    Gate(
        "about_attacks meaning_asked prompt_for_a_bot trade_abroad",
        r" attack| iç|\babou|\baccepta|\badver|\bai se|\battack|\bcrie|\bentwir|\bescre|\bescrib|\bguard m|\bhidden instructions |\binci|\bindi|\bjailbre|\bllam|\bllm s|\bmean\b|\bmejo|\bmelh|\bmigl|\bnapi|\bowas|\bpen|\bpopra|\bprompt at|\bprompt inj|\bprompt-|\bred |\bred-|\breda|\brefe|\bsafety filters o|\bschr|\bscriv|\bskri|\bstand |\bthrea|\btuli|\bverbe|\bviế|\bvuln|\bwaf |amé|astr|backu|beste|bezo|coli|commande|conse|copia d|cort|encom|entreg|extr|factu|fakt|fatt|fatu|fire|kuri|kury|leak|lief|livr|pacc|pacz|pake|pakk|paqu|pedi|przesy|rech|rout|réd|servid|sip|écr|дост|зак|кур|нап|пос|сос|ул|اك|صم|बॉ|ため|に答|向け|机器|用の|봇",
    ),
    Gate(
        "code own_words password_matter prompt_of_a_shell quoted_order rules_of_trade",
        r" file| var|256\b|\bapi |\bapply_|\bargo|\basse|\bauthe|\bbcry|\bboot|\bchat t|\bci\b|\bclass\b|\bcodeb|\bcomma|\bconn|\bconst|\bcook|\bcurl|\bdef\b|\bdirectio|\bdock|\bdocs|\bdos|\bfunct|\bgit\b|\bgith|\bgola|\bguidel|\bimport\b|\binsta|\bjava|\bk8s\b|\bkeyc|\bkube|\blet\b|\blint|\blog|\bmysq|\bnext|\bnpm\b|\bpars|\bperm|\bpip\b|\bpostg|\bprom|\bpull|\bpyte|\bpyth|\breadm|\brefa|\bregex|\brepos|\bretu|\brout|\brules|\brust|\bsdk\b|\bseco|\bsecr|\bsele|\bshel|\bskip|\bstac|\bsudo|\btokeni|\btrac|\btype|\bunit|\bupda|\bvalida|\bvar\b|\bvaul|```|act a|aske|bypa|developer m|dimen|disr|do an|esqu|fi\b|forget|hidden p|igno|instructio|mentione|no r|olvi|oubl|overr|passw|pret|revea|said|sent\b|system p|told|vergi|wrot|you ar|your|забу|忘记|忽略|無視",
    ),
    Gate(
        "of_machines story_asked",
        r"\bacto|\badb\b|\bair\b|\bairl|\bandr|\baqua|\bbagg|\bbios|\bbrow|\bcamer|\bcar\b|\bchap|\bchro|\bcoff|\bcomi|\bcss\b|\bdiet|\bdish|\bdrag|\bdung|\bexcel|\bfair|\bfilm|\bfire|\bflig|\bgmai|\bheroine|\binsur|\bios\b|\bipho|\bipta|\bknig|\blapt|\bleas|\bmono|\bmovi|\bmy ch|\bnarr|\bngin|\bnove|\boculu|\boil\b|\borac|\borc|\boutl|\bpala|\bparc|\bphone\b|\bplays|\bplot|\bpoem|\bpool|\bprinte|\bques|\brout|\bsaga|\bscen|\bsett|\bshort s|\bspac|\bspam|\bsteam|\bswitch c|\btablet|\btave|\btax\b|\bthe and|\bthe char|\bthri|\btogg|\btv\b|\bvacu|\bverse|\bvill|\bvisa|\bwarr|\bwash|\bwate|\bwiza|\bxbox|mail r",
    ),
    Gate(
        "prompt_craft",
        r" the dif|-sho|\bexer|\bgrad|\bguidel|\bhome|\bin cl|\blecture n|\blesso|\bmy es|\bmy stu|\bpupi|\brules|\bteache|\bworks|\bwrite i|agent\b|assistant\b|bot\b|desi|engineeri|persona|policy|promp|temp",
    ),
)
"""Of what speaks for a text: of no interest where no other gate is open."""
